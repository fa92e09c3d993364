// Asks before a pending change is dropped, whatever its kind.
import type { JSX } from "preact";
import { Confirm } from "../parts/confirm";
import { say } from "../parts/toast";
import { drop, type ChangeRef } from "./api";

interface Props {
    change: ChangeRef;
    title: string; // of the change, in one line
    does?: string; // what the button says, if it is not "Drop it"
    onClose: () => void;
    onDropped: () => Promise<void> | void;
}

export function DropDialog({ change, title, does, onClose, onDropped }: Props): JSX.Element {
    const signers = Object.keys(change.signoffs);
    return (
        <Confirm
            title={does ? `${does}?` : "Drop the pending change?"}
            does={does ?? "Drop it"}
            danger
            onClose={onClose}
            run={async () => {
                await drop(change);
                say(`Dropped: ${title}`);
                await onDropped();
            }}>
            <p>{title}</p>
            <p>
                Everything stays as it is.
                {signers.length ? ` Sign-offs of ${signers.join(", ")} are gone.` : ""}
            </p>
        </Confirm>
    );
}
