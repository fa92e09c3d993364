// What a pending change does, whatever its kind.
import type { JSX } from "preact";
import { Diff } from "../parts/diff";
import { Note } from "../parts/note";
import { labelOf } from "../rules/columns";
import type { PendingChange } from "./api";
import { ReleaseDiff } from "./release_diff";

export function Content({ change }: { change: PendingChange }): JSX.Element {
    const { kind, change_type: type, title } = change;
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
            {release ? <ReleaseDiff left={type === "insert" ? null : title} right={`${title}@pending`} /> : null}
        </div>
    );
}
