// The server names a problem of a document with its place, as in "7 is not of type 'string' at platforms.x.locales.de.completes[0].filesize".
// This finds the place in the text.
import { endOfString, endOfValue, lineAndColumn, skipSpace, type TextProblem } from "./json";

interface Member {
    at: number; // of its name; of an item, of its value
    value: number;
    rest: string; // what of the path is inside it
}

// What is left of a path after this name, or null if the path does not begin with it.
function restOf(path: string, name: string): string | null {
    const begins = path.startsWith(name) && /^(?:$|[.[])/.test(path.slice(name.length));
    return begins ? path.slice(name.length).replace(/^\./, "") : null;
}

// Names may have dots and brackets in them, so that of several that fit, the longest one is meant.
function findMember(text: string, object: number, path: string): Member | null {
    let found: Member | null = null;
    let at = skipSpace(text, object + 1);
    while (text[at] === '"') {
        const end = endOfString(text, at);
        const rest = restOf(path, JSON.parse(text.slice(at, end)) as string);
        const value = skipSpace(text, skipSpace(text, end) + 1);
        if (rest !== null && (!found || rest.length < found.rest.length)) {
            found = { at, value, rest };
        }
        at = skipSpace(text, endOfValue(text, value));
        at = text[at] === "," ? skipSpace(text, at + 1) : at;
    }
    return found;
}

function findItem(text: string, array: number, path: string): Member | null {
    const [whole = "", index] = /^\[(\d+)\]\.?/.exec(path) ?? [];
    if (index === undefined) {
        return null;
    }
    let at = skipSpace(text, array + 1);
    for (let i = 0; text[at] !== "]"; i++) {
        if (i === Number(index)) {
            return { at, value: at, rest: path.slice(whole.length) };
        }
        at = skipSpace(text, endOfValue(text, at));
        at = text[at] === "," ? skipSpace(text, at + 1) : at;
    }
    return null;
}

// Where in `text`, which is valid JSON, the path leads, as far as it leads. null: not even its first name is there.
export function placeOf(text: string, path: string): number | null {
    let at: number | null = null;
    let value = skipSpace(text, 0);
    let rest = path;
    while (rest) {
        const find = text[value] === "{" ? findMember : text[value] === "[" ? findItem : null;
        const member = find?.(text, value, rest);
        if (!member) {
            break;
        }
        ({ at, value, rest } = member);
    }
    return at;
}

// Those of the server's problems that have a place in the text, in the order of the text.
export function problemsIn(text: string, reasons: string[]): TextProblem[] {
    return reasons
        .flatMap(what => {
            const split = what.lastIndexOf(" at ");
            const at = split < 0 ? null : placeOf(text, what.slice(split + 4));
            return at === null ? [] : [{ at, ...lineAndColumn(text, at), what }];
        })
        .sort((a, b) => a.at - b.at);
}
