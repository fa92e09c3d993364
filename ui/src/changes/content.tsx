// What a pending change does, whatever its kind.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get } from "../api/client";
import { useData } from "../api/data";
import { Diff } from "../parts/diff";
import { Note } from "../parts/note";
import { Loaded } from "../parts/states";
import { difference, labelOf } from "../rules/columns";
import type { PendingChange } from "./api";
import { CompareReleases } from "./compare_releases";
import { ReleaseDiff } from "./release_diff";
import type { Seen } from "./seen";

interface Props {
    change: PendingChange;
    // Called when all of it is there; of a release with the difference.
    onReady?: (diff?: string) => void;
}

// All columns of a rule that goes.
function DeletedRule({ id }: { id: number }): JSX.Element {
    const data = useData(
        `deleted rule of ${id}`,
        async signal => {
            const { scheduled_change: change } = await get("/scheduled_changes/rules/{sc_id}", {
                path: { sc_id: id },
                signal,
            });
            return get("/rules/{id_or_alias}", { path: { id_or_alias: String(change.rule_id) }, signal });
        },
        { refreshMs: 0 },
    );
    return <Loaded data={data}>{rule => <Diff changed={difference(rule, {})} labelOf={labelOf} only="old" />}</Loaded>;
}

// What a change does, where it is signed: once it was in view, it counts as seen.
export function SeenContent({ change, seen }: { change: PendingChange; seen: Seen }): JSX.Element {
    return (
        <>
            {seen.moved ? <Note tone="amber">Changed since you looked: this is how it is now.</Note> : null}
            <div ref={seen.ref}>
                <Content key={seen.version} change={change} onReady={seen.onReady} />
            </div>
        </>
    );
}

export function Content({ change, onReady }: Props): JSX.Element {
    const { kind, change_type: type, title } = change;
    const diffs = type === "update" && (kind === "releases" || kind === "v2/releases");
    useEffect(() => {
        if (!diffs) {
            onReady?.();
        }
    }, [diffs]);
    if (type === "delete") {
        return (
            <div class="stack">
                <Note tone="red">
                    {kind === "emergency_shutoff" || kind === "partial_stops"
                        ? `Clients of ${title} get updates again.`
                        : `All of ${title} is removed.`}
                </Note>
                {kind === "rules" ? <DeletedRule id={Number(change.id)} /> : null}
            </div>
        );
    }
    const release = kind === "releases" || kind === "v2/releases";
    const columns = Object.keys(change.changed).length > 0;
    return (
        <div class="stack">
            {columns || !release ? (
                <Diff
                    changed={change.changed}
                    labelOf={kind === "rules" ? labelOf : undefined}
                    only={type === "insert" ? "new" : undefined}
                />
            ) : null}
            {kind === "rules" ? <CompareReleases changed={change.changed} /> : null}
            {release ? (
                <ReleaseDiff
                    left={type === "insert" ? null : title}
                    right={`${title}@pending`}
                    onReady={onReady}
                    tagged={kind === "v2/releases"}
                />
            ) : null}
        </div>
    );
}
