// The difference of two states of releases, as the server finds it: equal changes of many parts stand together.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get, type Schema } from "../api/client";
import { useData } from "../api/data";
import { plural } from "../format/number";
import { Mark } from "../parts/mark";
import { Loaded } from "../parts/states";
import { compareLink } from "../releases/links";
import { diffTag } from "./api";
import { ReleaseChange, SIGNS, TONES } from "./release_change";

type Difference = Schema["ReleaseDiff"];

const GROUPS = 60;

export function Summary({ summary }: { summary: Difference["summary"] }): JSX.Element {
    return (
        <div class="row">
            {(["added", "removed", "changed"] as const).map(op => (
                <Mark key={op} tone={summary[op] ? TONES[op] : "plain"}>
                    {SIGNS[op]} {summary[op]} {op}
                </Mark>
            ))}
        </div>
    );
}

export function Groups({ groups }: { groups: Difference["groups"] }): JSX.Element {
    return (
        <>
            {groups.slice(0, GROUPS).map(({ op, pattern, count, uniform, example }) => (
                <ReleaseChange
                    key={`${op} ${pattern}`}
                    change={example}
                    place={pattern || "the whole document"}
                    note={count > 1 ? `${count} ×${uniform ? ", all the same" : ", for example:"}` : ""}
                />
            ))}
            {groups.length > GROUPS ? <p class="soft">and {plural(groups.length - GROUPS, "more group")}</p> : null}
        </>
    );
}

interface Props {
    left: string | null; // NAME, NAME@pending, NAME@v3; null: nothing yet
    right: string;
    // Called when it is shown; if `tagged`, with what stands for the whole of it.
    onReady?: (tag?: string) => void;
    tagged?: boolean;
}

interface Loads {
    diff: Difference;
    tag: string | undefined;
}

// The tag is read first: if somebody edits meanwhile, what is shown is newer than the tag, and a signature is refused.
async function load(left: string, right: string, tagged: boolean, signal: AbortSignal): Promise<Loads> {
    const tag = tagged ? await diffTag(left, right, signal) : undefined;
    return { tag, diff: await get("/release_diff", { query: { left, right, limit: 1 }, signal }) };
}

export function ReleaseDiff({ left, right, onReady, tagged = false }: Props): JSX.Element {
    const data = useData(
        left === null ? null : `diff ${left} ${right}`,
        signal => load(left ?? "", right, tagged, signal),
        { refreshMs: 0 },
    );
    useEffect(() => {
        if (data.value && !data.loading) {
            onReady?.(data.value.tag);
        }
    }, [data.value, data.loading]);
    if (left === null) {
        return <p>This release is new.</p>;
    }
    return (
        <Loaded data={data}>
            {({ diff: { summary, groups } }) => (
                <div class="stack">
                    <div class="row">
                        <Summary summary={summary} />
                        <a href={compareLink(left, right)}>Every change</a>
                    </div>
                    <Groups groups={groups} />
                </div>
            )}
        </Loaded>
    );
}
