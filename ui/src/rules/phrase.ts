// Whom a rule is for, as a phrase: "below 115.0 · Windows 7, 8.1 · de, fr".
import type { Values } from "./columns";

const WORDS: [string, string][] = [
    ["<=", "up to"],
    [">=", "from"],
    ["<", "below"],
    [">", "above"],
];
const WINDOWS: Record<string, string> = { "6.0": "Vista", "6.1": "7", "6.2": "8", "6.3": "8.1", "10.0": "10" };
const SHOWN = 3;

function compared(text: string): string {
    const word = WORDS.find(([sign]) => text.startsWith(sign));
    return word ? `${word[1]} ${text.slice(word[0].length)}` : text;
}

const items = (text: string): string[] =>
    text
        .split(",")
        .map(item => item.trim())
        .filter(Boolean);

function list(text: string): string {
    const all = items(text);
    const rest = all.length - SHOWN;
    return rest > 1 ? `${all.slice(0, SHOWN).join(", ")} and ${rest} more` : all.join(", ");
}

// Consecutive Windows versions have the word Windows once.
function systems(text: string): string {
    const named = items(text).map(item => {
        const m = /^Windows_NT (\d+\.\d+)$/.exec(item);
        return { windows: !!m, name: (m?.[1] && WINDOWS[m[1]]) || (m?.[1] ?? item) };
    });
    const windows = named.filter(n => n.windows).map(n => n.name);
    const others = named.filter(n => !n.windows).map(n => n.name);
    return list([...(windows.length ? [`Windows ${windows.join("/")}`] : []), ...others].join(","));
}

const three = (value: boolean | null, name: string): string =>
    value === null ? "" : value ? `with ${name}` : `without ${name}`;

export function phrase(rule: Partial<Values>): string {
    const parts = [
        rule.version ? items(rule.version).map(compared).join(", ") : "",
        rule.buildID ? `build ${compared(rule.buildID)}` : "",
        rule.osVersion ? systems(rule.osVersion) : "",
        rule.buildTarget ? list(rule.buildTarget) : "",
        rule.locale ? list(rule.locale) : "",
        rule.memory ? `memory ${compared(rule.memory)} MB` : "",
        rule.instructionSet ? list(rule.instructionSet) : "",
        rule.distribution ? `distribution ${list(rule.distribution)}` : "",
        rule.distVersion ? `distribution version ${list(rule.distVersion)}` : "",
        rule.headerArchitecture ? rule.headerArchitecture : "",
        three(rule.jaws ?? null, "JAWS"),
        three(rule.mig64 ?? null, "64-bit migration"),
    ].filter(Boolean);
    return parts.join(" · ");
}
