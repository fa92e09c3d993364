// The difference of two states of releases, as the server finds it: equal changes of many parts stand together.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get, type Answer, type Schema } from "../api/client";
import { useData } from "../api/data";
import { plural } from "../format/number";
import { Mark } from "../parts/mark";
import { Loaded } from "../parts/states";
import { diffTag } from "./api";

interface Props {
    left: string | null; // NAME, NAME@pending, NAME@v3; null: nothing yet
    right: string;
    // Called when it is shown; if `tagged`, with what stands for the whole of it.
    onReady?: (tag?: string) => void;
    tagged?: boolean;
}

interface Loads {
    diff: Exclude<Answer<"/release_diff">, string>;
    tag: string | undefined;
}

const SIGNS = { added: "+", removed: "−", changed: "±" };
const TONES = { added: "green", removed: "red", changed: "amber" } as const;
const GROUPS = 60;

function text(value: unknown, bytes: number | undefined): string {
    if (bytes !== undefined) {
        return `${bytes} bytes`;
    }
    return value === undefined ? "" : JSON.stringify(value);
}

function Values({ change }: { change: Schema["ReleaseChange"] }): JSX.Element {
    const old = text(change.old, change.old_bytes);
    const now = text(change.new, change.new_bytes);
    return (
        <>
            {old ? (
                <div class="old">
                    <span class="sign">−</span>
                    {old}
                </div>
            ) : null}
            {now ? (
                <div class="new">
                    <span class="sign">+</span>
                    {now}
                </div>
            ) : null}
        </>
    );
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
                        {(["added", "removed", "changed"] as const).map(op => (
                            <Mark key={op} tone={summary[op] ? TONES[op] : "plain"}>
                                {SIGNS[op]} {summary[op]} {op}
                            </Mark>
                        ))}
                    </div>
                    {groups.slice(0, GROUPS).map(group => (
                        <div class="release-change mono" key={`${group.op} ${group.pattern}`}>
                            <div class="row">
                                <span class={`mark ${TONES[group.op]}`}>{SIGNS[group.op]}</span>
                                <span>{group.pattern}</span>
                                <span class="soft small">
                                    {group.count > 1
                                        ? `${group.count} ×${group.uniform ? ", all the same" : ", for example:"}`
                                        : ""}
                                </span>
                            </div>
                            <Values change={group.example} />
                        </div>
                    ))}
                    {groups.length > GROUPS ? (
                        <p class="soft">and {plural(groups.length - GROUPS, "more group")}</p>
                    ) : null}
                </div>
            )}
        </Loaded>
    );
}
