import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { listKeys, singleKeys, switchSingleKeys, type Key } from "../keys/keys";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";

const NAMES: Record<string, string> = { "mod+k": "Ctrl K", "mod+Enter": "Ctrl Enter" };

export function KeyNames({ name }: { name: string }): JSX.Element {
    return (
        <span class="nowrap">
            {(NAMES[name] ?? name).split(" ").map(part => (
                <kbd key={part}>{part}</kbd>
            ))}
        </span>
    );
}

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
            <label class="check">
                <input
                    type="checkbox"
                    checked={singleKeys.value}
                    onChange={event => switchSingleKeys(event.currentTarget.checked)}
                />
                Keys without Ctrl work
            </label>
            <div class="actions">
                <Button onClick={onClose} autofocus>
                    Close
                </Button>
            </div>
        </Dialog>
    );
}
