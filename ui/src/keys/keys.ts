// The keyboard. Whatever is shown registers its keys. Single keys do nothing while somebody types, or if the user has
// switched them off; while a dialog is open, only its own keys work.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export interface Key {
    key: string; // as KeyboardEvent.key; "g r": one after the other; "mod+k": with Ctrl or ⌘
    does: string;
    run: (event: KeyboardEvent) => void;
}

const LEVELS = ["dialog", "page", "frame"] as const;
type Level = (typeof LEVELS)[number];

interface Layer {
    keys: Key[];
    level: Level;
}

const STORED = "balrog.single-keys";
const SEQUENCE_MS = 1500;
let layers: Layer[] = [];
let prefix = "";
let prefixAt = 0;

export const singleKeys = signal(localStorage.getItem(STORED) !== "off");

export function switchSingleKeys(on: boolean): void {
    singleKeys.value = on;
    localStorage.setItem(STORED, on ? "on" : "off");
}

// The keys that work while no dialog is open, the page's first.
export function listKeys(): Key[] {
    const keys = ["page", "frame"].flatMap(level => layers.filter(l => l.level === level).flatMap(l => l.keys));
    return keys.filter((key, i) => keys.findIndex(other => other.key === key.key) === i);
}

function find(name: string): Key | undefined {
    const dialogs = layers.filter(l => l.level === "dialog");
    if (dialogs.length) {
        return dialogs[dialogs.length - 1]?.keys.find(k => k.key === name);
    }
    return listKeys().find(k => k.key === name);
}

// A box that is ticked takes no text.
const isTyping = (element: Element | null): boolean =>
    element instanceof HTMLElement &&
    (element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox])"));

// Whether the key belongs to the element that has the focus.
function belongsToFocus(event: KeyboardEvent): boolean {
    const target = event.target as Element | null;
    return isTyping(target) || (event.key === "Enter" && !!target?.closest("a, button, summary"));
}

function onKey(event: KeyboardEvent): void {
    if (event.isComposing || event.altKey || event.defaultPrevented) {
        return;
    }
    const mod = event.ctrlKey || event.metaKey;
    const name = mod ? `mod+${event.key === "Enter" ? "Enter" : event.key.toLowerCase()}` : event.key;
    if (!mod && (belongsToFocus(event) || !singleKeys.value || (event.repeat && !/^[jk]$/.test(name)))) {
        return;
    }
    const joined = prefix && event.timeStamp - prefixAt < SEQUENCE_MS ? `${prefix} ${name}` : name;
    prefix = "";
    const key = find(joined);
    if (key) {
        event.preventDefault();
        key.run(event);
    } else if (name === "g") {
        prefix = name;
        prefixAt = event.timeStamp;
    }
}

export function startKeys(): void {
    document.addEventListener("keydown", onKey);
}

// Registers keys while the component is shown.
export function useKeys(keys: Key[], level: Level = "page"): void {
    const layer = useRef<Layer>({ keys, level });
    layer.current.keys = keys;
    useEffect(() => {
        const own = layer.current;
        layers = [...layers, own];
        return () => {
            layers = layers.filter(other => other !== own);
        };
    }, []);
}
