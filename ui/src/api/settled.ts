// An answer to what somebody is typing: asked once the typing has stopped, and asked again whenever it goes on.
import { useEffect, useState } from "preact/hooks";
import type { Failure } from "./client";
import { asFailure } from "./data";

export interface Settled<T> {
    answer: T | null;
    error: Failure | null;
    busy: boolean;
}

// Runs `run` once `key` has not changed for `ms`; not at all while it is null. A run that is not needed any more is given up.
// The last answer stays until the next one is there, or until that fails.
export function useSettled<T>(key: string | null, ms: number, run: (signal: AbortSignal) => Promise<T>): Settled<T> {
    const [state, setState] = useState<Settled<T>>({ answer: null, error: null, busy: false });
    useEffect(() => {
        if (key === null) {
            setState({ answer: null, error: null, busy: false });
            return undefined;
        }
        const abort = new AbortController();
        setState(old => ({ ...old, busy: true }));
        const timer = setTimeout(async () => {
            const next: Settled<T> = await run(abort.signal).then(
                answer => ({ answer, error: null, busy: false }),
                error => ({ answer: null, error: asFailure(error), busy: false }),
            );
            if (!abort.signal.aborted) {
                setState(next);
            }
        }, ms);
        return () => {
            clearTimeout(timer);
            abort.abort();
        };
    }, [key]);
    return state;
}
