import { useEffect, useState } from "preact/hooks";
import { checkJson, type TextProblem } from "../../releases/json";
import type { Json } from "../../releases/merge";

const LARGE = 100_000;
const LARGE_MS = 500;

export interface Checked {
    text: string;
    error: TextProblem | null;
    blob: Json | undefined; // undefined while the text is wrong
}

function check(text: string): Checked {
    const error = checkJson(text);
    return { text, error, blob: error ? undefined : (JSON.parse(text) as Json) };
}

// The text as a document. A large one is read once nobody has typed for a moment: until then, `text` is another one.
export function useChecked(text: string): Checked {
    const [checked, setChecked] = useState(() => check(text));
    useEffect(() => {
        const timer = setTimeout(() => setChecked(check(text)), text.length > LARGE ? LARGE_MS : 0);
        return () => clearTimeout(timer);
    }, [text]);
    return checked;
}

// How long to wait before the server is asked what it thinks of a text.
export const settledMs = (text: string): number => (text.length > LARGE ? 2000 : 400);
