// The question before a release is deleted. The server is asked first whether that is possible, so the dialog says why not.
import type { JSX } from "preact";
import { useData } from "../api/data";
import { Confirm } from "../parts/confirm";
import { Note } from "../parts/note";
import { Loaded } from "../parts/states";
import { say } from "../parts/toast";
import { isUsed, remove, whyNotDeleted, type Listed } from "./api";
import { UsedBy } from "./used_by";

interface Props {
    release: Listed;
    onClose: () => void;
    onDone: () => Promise<void> | void;
}

export function DeleteRelease({ release, onClose, onDone }: Props): JSX.Element {
    const { name, pending } = release;
    const refusal = useData(`delete ${name}`, () => whyNotDeleted(release), { refreshMs: 0, visible: false });
    const dead = refusal.loading || refusal.error ? "It is not known yet whether this is possible" : null;
    return (
        <Confirm
            title={`Delete ${name}?`}
            does="Delete"
            danger
            onClose={onClose}
            dead={dead ?? (refusal.value ? "It cannot be deleted" : null)}
            run={async () => {
                await remove(release, false);
                say(`Deleted: ${name}`);
                await onDone();
            }}>
            <Loaded data={refusal}>
                {why =>
                    why ? (
                        <>
                            <Note tone="amber">
                                <p>
                                    <strong>It cannot be deleted now.</strong>
                                </p>
                                {(why.reasons.length ? why.reasons : [why.detail]).map(text => (
                                    <p key={text}>{text}</p>
                                ))}
                            </Note>
                            {isUsed(release) ? (
                                <div>
                                    <h3>Used by</h3>
                                    <UsedBy release={release} most={20} />
                                </div>
                            ) : null}
                        </>
                    ) : (
                        <p>
                            No rule and no pin leads to it. Its history is kept.
                            {pending ? " What is scheduled for it is dropped." : ""}
                        </p>
                    )
                }
            </Loaded>
        </Confirm>
    );
}
