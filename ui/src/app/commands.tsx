// Ctrl-K: every page and every command of the frame, by its name; and the URL of an update query, which is explained.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { listKeys } from "../keys/keys";
import { Dialog } from "../parts/dialog";
import { KeyNames } from "../parts/keys";
import { Options } from "../parts/options";
import { go, link } from "./router";
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
    const path = /^(?:https?:\/\/[^/]+)?\/(?:update|json)\/.*$/.exec(text.trim())?.[0];
    const explain: Command = { name: "Explain this URL", run: () => go(link("/explain", { path })) };
    const found = path
        ? [explain]
        : all.filter(command => words.every(word => command.name.toLowerCase().includes(word)));
    return (
        <Dialog title="Search and commands" onClose={onClose}>
            <Options
                label="Command"
                placeholder="What do you want to do? Or paste the URL of an update query"
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
