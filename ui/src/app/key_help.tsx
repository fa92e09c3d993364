import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { listKeys, type Key } from "../keys/keys";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { KeyNames, SingleKeysSwitch } from "../parts/keys";

export function KeyHelp({ onClose }: { onClose: () => void }): JSX.Element {
    // The list of when it was opened: the dialog has keys of its own.
    const [keys] = useState<Key[]>(listKeys);
    return (
        <Dialog title="Keys on this page" onClose={onClose}>
            <dl class="pairs">
                {keys.flatMap(key => [
                    <dt key={`${key.key} name`}>
                        <KeyNames name={key.key} />
                    </dt>,
                    <dd key={key.key}>{key.does}</dd>,
                ])}
            </dl>
            <SingleKeysSwitch />
            <div class="actions">
                <Button onClick={onClose} autofocus>
                    Close
                </Button>
            </div>
        </Dialog>
    );
}
