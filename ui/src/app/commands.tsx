// Ctrl-K: every page and every command of the frame, by its name.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { listKeys } from "../keys/keys";
import { Dialog } from "../parts/dialog";
import { Options } from "../parts/options";
import { KeyNames } from "./key_help";
import { nextTheme, theme } from "./theme";

interface Command {
    name: string;
    key?: string;
    run: () => void;
}

function commands(): Command[] {
    const keyed = listKeys()
        .filter(key => key.key !== "mod+k")
        .map(key => ({ name: key.does, key: key.key, run: () => key.run(new KeyboardEvent("keydown")) }));
    return [...keyed, { name: `Change the colours (now: ${theme.value})`, run: nextTheme }];
}

export function Commands({ onClose }: { onClose: () => void }): JSX.Element {
    const [all] = useState(commands);
    const [text, setText] = useState("");
    const words = text.toLowerCase().split(/\s+/);
    const found = all.filter(command => words.every(word => command.name.toLowerCase().includes(word)));
    return (
        <Dialog title="Search and commands" onClose={onClose}>
            <Options
                label="Command"
                placeholder="What do you want to do?"
                text={text}
                onText={setText}
                options={found}
                keyOf={command => command.name}
                draw={command => (
                    <>
                        <span class="grow">{command.name}</span>
                        {command.key ? <KeyNames name={command.key} /> : null}
                    </>
                )}
                onChoose={command => {
                    onClose();
                    setTimeout(command.run);
                }}
                none="Nothing has this name."
            />
        </Dialog>
    );
}
