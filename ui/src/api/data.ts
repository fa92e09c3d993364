// Data that a component shows: loaded when it appears and when its key changes, and again every few seconds while the page
// is visible. The last data stay while new ones are loaded, and when that fails.
import { useEffect, useRef, useState } from "preact/hooks";
import { Failure } from "./client";

const REFRESH_MS = 10_000;

export interface Data<T> {
    value: T | undefined;
    error: Failure | null;
    loading: boolean;
    reload: () => Promise<void>;
}

export function asFailure(error: unknown): Failure {
    return error instanceof Failure ? error : new Failure(0, "Error in the UI", String(error));
}

interface Held<T> {
    key: string | null;
    value: T | undefined;
    error: Failure | null;
}

// Loads with `load` whenever `key` changes; not at all while it is null. `keep`: shows the data of the last key until those of
// the new one are there. `visible`: loads again when the user comes back to the page.
export function useData<T>(
    key: string | null,
    load: (signal: AbortSignal) => Promise<T>,
    { refreshMs = REFRESH_MS, keep = true, visible = true } = {},
): Data<T> {
    const [held, setHeld] = useState<Held<T>>({ key: null, value: undefined, error: null });
    const current = useRef({ key, load, abort: new AbortController() });
    current.current.load = load;
    current.current.key = key;

    const reload = async (): Promise<void> => {
        const wanted = current.current.key;
        if (wanted === null) {
            return;
        }
        current.current.abort.abort();
        const abort = new AbortController();
        current.current.abort = abort;
        try {
            const value = await current.current.load(abort.signal);
            if (!abort.signal.aborted) {
                setHeld({ key: wanted, value, error: null });
            }
        } catch (error) {
            if (!abort.signal.aborted) {
                setHeld(old => ({
                    key: wanted,
                    value: old.key === wanted || keep ? old.value : undefined,
                    error: asFailure(error),
                }));
            }
        }
    };

    useEffect(() => {
        void reload();
        const again = (): void => {
            if (!document.hidden) {
                void reload();
            }
        };
        const timer = refreshMs ? setInterval(again, refreshMs) : undefined;
        if (visible) {
            document.addEventListener("visibilitychange", again);
        }
        return () => {
            clearInterval(timer);
            document.removeEventListener("visibilitychange", again);
            current.current.abort.abort();
        };
    }, [key]);

    const usable = held.key === key || (keep && held.key !== null);
    return {
        value: usable ? held.value : undefined,
        error: held.key === key ? held.error : null,
        loading: key !== null && held.key !== key,
        reload,
    };
}
