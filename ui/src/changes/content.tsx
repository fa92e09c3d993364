// What a pending change does, whatever its kind.
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Diff } from "../parts/diff";
import { Note } from "../parts/note";
import { labelOf } from "../rules/columns";
import type { PendingChange } from "./api";
import { ReleaseDiff } from "./release_diff";

interface Props {
    change: PendingChange;
    // Called when all of it is there; of a release with the difference.
    onReady?: (diff?: string) => void;
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
            <Note tone="red">
                {kind === "emergency_shutoff"
                    ? `Clients of ${title} get updates again.`
                    : `All of ${title} is removed.`}
            </Note>
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
            {release ? (
                <ReleaseDiff left={type === "insert" ? null : title} right={`${title}@pending`} onReady={onReady} />
            ) : null}
        </div>
    );
}
