// Checks JSON and says where it is wrong, which JSON.parse does not say in every browser. A member that stands twice is wrong, too:
// JSON.parse would drop one of them without a word.
export interface TextProblem {
    at: number; // characters from the start
    line: number; // from 1
    column: number; // from 1
    what: string;
}

class Wrong extends Error {
    constructor(
        readonly at: number,
        what: string,
    ) {
        super(what);
    }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;
const WORD = /true|false|null/y;
const DEEPEST = 200;

function match(pattern: RegExp, text: string, at: number): string | null {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
}

// Each of these takes where something begins and returns where it ends, or throws.
export const skipSpace = (text: string, at: number): number => at + (match(SPACE, text, at)?.length ?? 0);

function found(text: string, at: number): string {
    const character = text[at];
    return character === undefined ? "the end of the text" : `“${character}”`;
}

export function endOfString(text: string, at: number): number {
    const whole = match(STRING, text, at);
    if (whole !== null) {
        return at + whole.length;
    }
    const end = /["\n]/g;
    end.lastIndex = at + 1;
    const stop = end.exec(text);
    throw new Wrong(
        at,
        stop?.[0] === '"'
            ? "this text has a character that needs a backslash"
            : "this text has no closing quotation mark",
    );
}

function object(text: string, start: number, depth: number): number {
    const names = new Set<string>();
    let at = skipSpace(text, start + 1);
    if (text[at] === "}") {
        return at + 1;
    }
    for (;;) {
        if (text[at] !== '"') {
            throw new Wrong(at, `a name in quotation marks was expected, not ${found(text, at)}`);
        }
        const end = endOfString(text, at);
        const name = JSON.parse(text.slice(at, end)) as string;
        if (names.has(name)) {
            throw new Wrong(at, `“${name}” stands twice in this object`);
        }
        names.add(name);
        at = skipSpace(text, end);
        if (text[at] !== ":") {
            throw new Wrong(at, `a colon was expected, not ${found(text, at)}`);
        }
        at = skipSpace(text, endOfValue(text, skipSpace(text, at + 1), depth + 1));
        if (text[at] === "}") {
            return at + 1;
        }
        if (text[at] !== ",") {
            throw new Wrong(at, `a comma or “}” was expected, not ${found(text, at)}`);
        }
        at = skipSpace(text, at + 1);
    }
}

function array(text: string, start: number, depth: number): number {
    let at = skipSpace(text, start + 1);
    if (text[at] === "]") {
        return at + 1;
    }
    for (;;) {
        at = skipSpace(text, endOfValue(text, at, depth + 1));
        if (text[at] === "]") {
            return at + 1;
        }
        if (text[at] !== ",") {
            throw new Wrong(at, `a comma or “]” was expected, not ${found(text, at)}`);
        }
        at = skipSpace(text, at + 1);
    }
}

export function endOfValue(text: string, at: number, depth = 0): number {
    if (depth > DEEPEST) {
        throw new Wrong(at, "this is nested too deeply");
    }
    switch (text[at]) {
        case "{":
            return object(text, at, depth);
        case "[":
            return array(text, at, depth);
        case '"':
            return endOfString(text, at);
        default: {
            const whole = match(WORD, text, at) ?? match(NUMBER, text, at);
            if (whole === null) {
                throw new Wrong(at, `a value was expected, not ${found(text, at)}`);
            }
            return at + whole.length;
        }
    }
}

export function lineAndColumn(text: string, at: number): { line: number; column: number } {
    const before = text.slice(0, at).split("\n");
    return { line: before.length, column: (before[before.length - 1] ?? "").length + 1 };
}

export function checkJson(text: string): TextProblem | null {
    try {
        const start = skipSpace(text, 0);
        if (text[start] !== "{") {
            throw new Wrong(start, `a release is an object: “{” was expected, not ${found(text, start)}`);
        }
        const end = skipSpace(text, endOfValue(text, start, 0));
        if (end < text.length) {
            throw new Wrong(end, `nothing more was expected, but there is ${found(text, end)}`);
        }
        return null;
    } catch (error) {
        if (!(error instanceof Wrong)) {
            throw error;
        }
        return { at: error.at, ...lineAndColumn(text, error.at), what: error.message };
    }
}

export const print = (blob: unknown): string => `${JSON.stringify(blob, null, 2)}\n`;
