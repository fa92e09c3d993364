// A pending change in the inbox; open, it shows the difference, and can be signed once that was in view.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { freshness } from "../../api/share";
import type { PendingChange } from "../../changes/api";
import { conditionOf, UptakeSoFar } from "../../changes/condition";
import { useSeen, type Seen } from "../../changes/seen";
import { Signable } from "../../changes/signable";
import { signoffSentence } from "../../changes/signoffs";
import { Breaks } from "../../changes/warnings";
import { changeKey, headline, scopeOf, stateTone, stateWord } from "../../changes/words";
import { plural } from "../../format/number";
import { Mark } from "../../parts/mark";
import { Relative } from "../../parts/time";
import type { Result } from "./bulk";

interface Props {
    change: PendingChange;
    breaks: PendingChange["breaks"];
    cursor: boolean;
    open: boolean;
    selected: boolean;
    result: Result | undefined;
    onToggle: () => void;
    onSelect: () => void;
    onSeen: (seen: Seen | null) => void;
    reload: () => Promise<void>;
}

// Opening an entry shows the difference; closing it forgets that it was seen.
function Opened({ change, breaks, onSeen, reload }: Props): JSX.Element {
    const seen = useSeen(change);
    useEffect(() => {
        onSeen(seen);
        return () => onSeen(null);
    }, [seen.unseen, seen.moved, change]);
    return (
        <div class="stack opened">
            <Signable change={change} seen={seen} reload={reload}>
                <Breaks breaks={breaks} />
            </Signable>
        </div>
    );
}

export function Row(props: Props): JSX.Element {
    const { change, breaks, cursor, open, result } = props;
    const title = headline(change);
    return (
        <li class={`change ${cursor ? "cursor" : ""} ${freshness(change)}`} id={changeKey(change)}>
            <div class="line">
                <input
                    type="checkbox"
                    aria-label={`Select ${title}`}
                    checked={props.selected}
                    onChange={props.onSelect}
                />
                <button type="button" class="open grow" aria-expanded={open} onClick={props.onToggle}>
                    <strong>{title}</strong> <span class="soft">{scopeOf(change)}</span>
                    <br />
                    <span class="soft small">
                        {signoffSentence(change)} · by {change.scheduled_by}
                    </span>
                </button>
                <span class="right">
                    <Mark tone={stateTone(change)}>{stateWord(change)}</Mark>
                    {breaks?.count ? <Mark tone="red">! breaks {plural(breaks.count, "expectation")}</Mark> : null}
                    {change.when ? (
                        <span class="soft small">
                            <Relative at={change.when} />
                        </span>
                    ) : change.telemetry ? (
                        <span class="soft small">{conditionOf(change.telemetry)}</span>
                    ) : null}
                    <UptakeSoFar telemetry={change.telemetry} />
                </span>
            </div>
            {result ? (
                <p class="result" role="status">
                    <Mark tone={result.ok ? "green" : "red"}>{result.ok ? "✓" : "!"}</Mark> {result.text}
                </p>
            ) : null}
            {change.failed && !open ? <p class="result soft small">Agent: {change.failed.what}</p> : null}
            {open ? <Opened {...props} /> : null}
        </li>
    );
}
