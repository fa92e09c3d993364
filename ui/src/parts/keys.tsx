// The name of a key, and the switch that turns single keys off.
import type { JSX } from "preact";
import { singleKeys, switchSingleKeys } from "../keys/keys";

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

export function SingleKeysSwitch(): JSX.Element {
    return (
        <label class="check">
            <input
                type="checkbox"
                checked={singleKeys.value}
                onChange={event => switchSingleKeys(event.currentTarget.checked)}
            />
            Keys without Ctrl work
        </label>
    );
}
