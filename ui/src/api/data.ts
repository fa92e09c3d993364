// Data that a component shows: loaded when it appears and when its key changes, and again every few seconds while the page
// is visible. The last data stay while new ones are loaded, and when that fails. What others have changed meanwhile is marked and
// announced, but never under an open dialog or an unsaved form.
import { useEffect, useRef, useState } from "preact/hooks";
import { unsaved } from "../app/router";
import { serverNow } from "../format/time";
import { announce } from "../parts/live";
import { asFailure, type Failure } from "./failure";
import { isNews, lookAgain } from "./network";
import { share } from "./share";

export { asFailure } from "./failure";

const REFRESH_MS = 10_000;

export interface Data<T> {
    value: T | undefined;
    error: Failure | null;
    loading: boolean;
    // When the value was read, by the server's clock.
    at: number | null;
    reload: () => Promise<void>;
}

interface Held<T> {
    key: string | null;
    value: T | undefined;
    error: Failure | null;
    at: number | null;
}

interface Current<T> {
    key: string | null;
    load: (signal: AbortSignal) => Promise<T>;
    abort: AbortController;
    held: Held<T>;
}

const isDisturbed = (): boolean => !!unsaved.value || document.querySelector("dialog[open]") !== null;

// What comes of `value` read for `key`; the same object as before if nothing is new.
function holdNew<T>(old: Held<T>, key: string, value: T, quiet: boolean): Held<T> {
    const at = serverNow();
    if (old.key !== key || old.value === undefined) {
        return { key, value, error: null, at };
    }
    const shared = share(old.value, value);
    if (shared.value !== old.value && !quiet && isNews()) {
        announce(shared.changed);
    }
    if (shared.value === old.value && !old.error) {
        old.at = at;
        return old;
    }
    return { key, value: shared.value, error: null, at };
}

// Loads with `load` whenever `key` changes; not at all while it is null. `keep`: shows the data of the last key until those of
// the new one are there. `visible`: loads again when the user comes back to the page.
export function useData<T>(
    key: string | null,
    load: (signal: AbortSignal) => Promise<T>,
    { refreshMs = REFRESH_MS, keep = true, visible = true } = {},
): Data<T> {
    const [held, setHeld] = useState<Held<T>>({ key: null, value: undefined, error: null, at: null });
    const current = useRef<Current<T>>({ key, load, abort: new AbortController(), held });
    current.current.load = load;
    current.current.key = key;

    const read = async (quiet: boolean): Promise<void> => {
        const own = current.current;
        const wanted = own.key;
        if (wanted === null) {
            return;
        }
        own.abort.abort();
        const abort = new AbortController();
        own.abort = abort;
        try {
            const value = await own.load(abort.signal);
            if (!abort.signal.aborted) {
                own.held = holdNew(own.held, wanted, value, quiet);
            }
        } catch (error) {
            if (!abort.signal.aborted) {
                const { key: before, value, at } = own.held;
                const stays = before === wanted || keep;
                own.held = { key: wanted, value: stays ? value : undefined, error: asFailure(error), at };
            }
        }
        setHeld(own.held);
    };

    useEffect(() => {
        void read(true);
        const again = (): void => {
            if (!document.hidden && !isDisturbed()) {
                void read(false);
            }
        };
        const timer = refreshMs ? setInterval(again, refreshMs) : undefined;
        if (visible) {
            document.addEventListener("visibilitychange", again);
        }
        const first = lookAgain.value;
        const stop = visible ? lookAgain.subscribe(n => n !== first && again()) : undefined;
        return () => {
            clearInterval(timer);
            document.removeEventListener("visibilitychange", again);
            stop?.();
            current.current.abort.abort();
        };
    }, [key]);

    const usable = held.key === key || (keep && held.key !== null);
    return {
        value: usable ? held.value : undefined,
        error: held.key === key ? held.error : null,
        loading: key !== null && held.key !== key,
        at: held.at,
        reload: () => read(true),
    };
}
