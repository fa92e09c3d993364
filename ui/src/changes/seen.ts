// Nobody signs what they have not seen: whether the difference of a change has been loaded and has been in view.
import { useEffect, useRef, useState } from "preact/hooks";
import type { ChangeRef, PendingChange } from "./api";

export interface Seen {
    // For the element with the difference.
    ref: (element: HTMLElement | null) => void;
    // Called when the difference is there. `diff`: of a release, what is shown.
    onReady: (diff?: string) => void;
    // Why it must not be signed yet.
    unseen: string | null;
    // It was edited after it had been seen.
    moved: boolean;
    // Changes with what is shown: the key of the element that shows it.
    version: string;
    // Loads and shows the difference anew, after the server has refused a signature for the one that was shown.
    renew: () => void;
    change: ChangeRef;
}

interface State {
    version: string;
    inView: boolean;
    ready: boolean;
    diff?: string;
}

const versionOf = (change: PendingChange): string =>
    JSON.stringify([change.kind, change.id, change.sc_data_version, change.parts, change.changed]);

export function useSeen(change: PendingChange): Seen {
    const [renewals, setRenewals] = useState(0);
    const version = `${versionOf(change)} ${renewals}`;
    const [state, setState] = useState<State>({ version, inView: false, ready: false });
    const [moved, setMoved] = useState(false);
    const [element, setElement] = useState<HTMLElement | null>(null);
    const current = state.version === version ? state : { version, inView: false, ready: false };
    const latest = useRef(version);
    latest.current = version;
    const update = (some: Partial<State>): void =>
        setState(old => {
            const base =
                old.version === latest.current ? old : { version: latest.current, inView: false, ready: false };
            return { ...base, ...some };
        });
    useEffect(() => {
        if (state.version !== version && state.inView && state.ready) {
            setMoved(true);
        }
    }, [version]);
    useEffect(() => {
        if (!element) {
            return undefined;
        }
        const observer = new IntersectionObserver(entries => {
            if (entries.some(entry => entry.isIntersecting)) {
                update({ inView: true });
            }
        });
        observer.observe(element);
        return () => observer.disconnect();
    }, [element, version]);
    return {
        ref: setElement,
        onReady: diff => update({ ready: true, diff }),
        unseen: !current.ready
            ? "The difference is not loaded yet"
            : !current.inView
              ? "Look at the difference first"
              : null,
        moved,
        version,
        renew: () => setRenewals(n => n + 1),
        change: { ...change, diff: current.diff },
    };
}
