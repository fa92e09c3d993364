// What the text changes, place by place.
import type { JSX } from "preact";
import { ReleaseChange } from "../../changes/release_change";
import { plural } from "../../format/number";
import type { Change, Json } from "../../releases/merge";

const SHOWN = 50;
const LONGEST = 512;

const size = (value: Json | undefined): number => (value === undefined ? 0 : JSON.stringify(value).length);

// As the server describes a change: long values are only counted.
function described({ pointer, old, new: now }: Change): Parameters<typeof ReleaseChange>[0]["change"] {
    const [before, after] = [size(old), size(now)];
    return {
        pointer,
        op: old === undefined ? "added" : now === undefined ? "removed" : "changed",
        ...(before > LONGEST ? { old_bytes: before } : { old }),
        ...(after > LONGEST ? { new_bytes: after } : { new: now }),
    } as Parameters<typeof ReleaseChange>[0]["change"];
}

export function ChangePanel({ changes }: { changes: Change[] | null }): JSX.Element {
    return (
        <section class="panel">
            <header>
                <h2>Change</h2>
                <span class="soft">{changes ? plural(changes.length, "place") : ""}</span>
            </header>
            <div class="body stack">
                {changes === null ? (
                    <p class="soft">Shown once the text is valid JSON.</p>
                ) : changes.length ? (
                    changes
                        .slice(0, SHOWN)
                        .map(change => (
                            <ReleaseChange
                                key={change.pointer}
                                change={described(change)}
                                place={change.pointer || "the whole document"}
                            />
                        ))
                ) : (
                    <p class="soft">Nothing is changed.</p>
                )}
                {changes && changes.length > SHOWN ? <p class="soft">and {changes.length - SHOWN} more</p> : null}
            </div>
        </section>
    );
}
