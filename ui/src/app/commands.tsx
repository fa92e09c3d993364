// Ctrl-K: every page and every command of the frame, by its name; releases by words of their names; and the URL of an update query,
// which is explained.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../api/client";
import { useData } from "../api/data";
import { listKeys } from "../keys/keys";
import { Dialog } from "../parts/dialog";
import { KeyNames } from "../parts/keys";
import { Options } from "../parts/options";
import { releaseLink } from "../releases/links";
import { go, link } from "./router";
import { nextTheme, theme } from "./theme";

interface Command {
    name: string;
    key?: string;
    kind?: string;
    run: () => void;
}

function commands(): Command[] {
    const keyed = listKeys()
        .filter(key => key.key !== "mod+k")
        .map(key => ({ name: key.does, key: key.key, run: () => key.run(new KeyboardEvent("keydown")) }));
    return [...keyed, { name: `Change the colours (now: ${theme.value})`, run: nextTheme }];
}

const RELEASES = 8;

// The server finds them, from the second letter on.
function useReleases(text: string): Command[] {
    const q = text.trim();
    const found = useData(
        q.length > 1 && !q.includes("/") ? `palette ${q}` : null,
        signal => get("/release_index", { query: { q, fields: "name", limit: RELEASES }, signal }),
        { refreshMs: 0, keep: false, visible: false },
    );
    return (found.value?.releases ?? []).map(({ name, kind }) => ({
        name,
        kind: `release ${kind}`,
        run: () => go(releaseLink(name)),
    }));
}

export function Commands({ onClose }: { onClose: () => void }): JSX.Element {
    const [all] = useState(commands);
    const [text, setText] = useState("");
    const words = text.toLowerCase().split(/\s+/);
    const path = /^(?:https?:\/\/[^/]+)?\/(?:update|json)\/.*$/.exec(text.trim())?.[0];
    const explain: Command = { name: "Explain this URL", run: () => go(link("/explain", { path })) };
    const releases = useReleases(text);
    const named = all.filter(command => words.every(word => command.name.toLowerCase().includes(word)));
    const found = path ? [explain] : [...named, ...releases];
    return (
        <Dialog title="Search and commands" onClose={onClose}>
            <Options
                label="Command"
                placeholder="A command, a release, or the URL of an update query"
                text={text}
                onText={setText}
                options={found}
                keyOf={command => `${command.kind ?? ""} ${command.name}`}
                draw={command => (
                    <>
                        <span class="grow">{command.name}</span>
                        {command.kind ? <span class="soft small">{command.kind}</span> : null}
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
