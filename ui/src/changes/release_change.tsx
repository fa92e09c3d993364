// Single changes of a release's document, as lines: what goes, and what comes.
import type { ComponentChildren, JSX } from "preact";
import type { Schema } from "../api/client";
import { bytes } from "../format/number";

type Change = Schema["ReleaseChange"];

export const SIGNS = { added: "+", removed: "−", changed: "±" };
export const TONES = { added: "green", removed: "red", changed: "amber" } as const;

function text(value: unknown, size: number | undefined): string {
    if (size !== undefined) {
        return `(${bytes(size)})`;
    }
    return value === undefined ? "" : JSON.stringify(value);
}

export function Values({ change }: { change: Pick<Change, "old" | "new" | "old_bytes" | "new_bytes"> }): JSX.Element {
    const old = text(change.old, change.old_bytes);
    const now = text(change.new, change.new_bytes);
    return (
        <>
            {old ? (
                <div class="old">
                    <span class="sign" aria-label="before">
                        −
                    </span>
                    {old}
                </div>
            ) : null}
            {now ? (
                <div class="new">
                    <span class="sign" aria-label="after">
                        +
                    </span>
                    {now}
                </div>
            ) : null}
        </>
    );
}

// `note`: what is said beside the place.
export function ReleaseChange(props: { change: Change; place: ComponentChildren; note?: string }): JSX.Element {
    const { change, place, note } = props;
    return (
        <div class="release-change mono">
            <div class="place">
                <span class={`mark ${TONES[change.op]}`}>
                    {SIGNS[change.op]}
                    <span class="unseen"> {change.op}</span>
                </span>
                <span>
                    {place} {note ? <span class="soft small">{note}</span> : null}
                </span>
            </div>
            <Values change={change} />
        </div>
    );
}
