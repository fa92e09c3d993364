// Sends what is in the form. If somebody else has changed the release meanwhile, both are put together, and nothing is lost.
import { useState } from "preact/hooks";
import type { Failure } from "../../api/client";
import { asFailure } from "../../api/data";
import { refreshShared } from "../../api/shared";
import { say } from "../../parts/toast";
import { print } from "../../releases/json";
import { merge, replace, type Conflict, type Json } from "../../releases/merge";
import type { Clash } from "./conflict";
import type { FormState } from "./state";
import { readSubject, save } from "./subject";
import type { Verdict } from "./verdict";

// Somebody else has changed or scheduled something since the form was opened.
function isOutdated(failure: Failure): boolean {
    const texts = [failure.detail, ...failure.reasons];
    return failure.outdated || texts.some(text => /ChangeScheduled|already scheduled/.test(text));
}

export interface Saving {
    busy: boolean;
    error: Failure | null;
    clash: Clash | null;
    choose: (conflict: Conflict, value: Json | undefined) => void;
    send: (now: boolean) => Promise<void>;
}

export function useSaving(state: FormState, verdict: Verdict, onSaved: (name: string) => void): Saving {
    const [error, setError] = useState<Failure | null>(null);
    const [clash, setClash] = useState<Clash | null>(null);
    const [busy, setBusy] = useState(false);
    const { subject } = state;
    const { target, blob, whenMs } = verdict;
    const rebase = async (): Promise<void> => {
        const fresh = await readSubject(target.name);
        const { merged, taken, conflicts } = merge(state.base, fresh.start, blob);
        setClash({ taken, open: conflicts });
        state.rebase(fresh, print(merged));
    };
    const send = async (now: boolean): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            // A v2 release has no number of what is scheduled for it that a request could name.
            if (subject.pending && subject.kind === "v2" && (await readSubject(subject.name)).state !== subject.state) {
                await rebase();
                setBusy(false);
                return;
            }
            await save(target, blob as Json, now ? null : whenMs);
            state.finish();
            const done = subject.kind === null ? "Made" : now ? "Done" : "Scheduled";
            say(`${done}: ${target.name}`);
            void refreshShared();
            onSaved(target.name);
        } catch (failure) {
            const seen = asFailure(failure);
            if (isOutdated(seen)) {
                await rebase().catch(() => setError(seen));
            } else {
                setError(seen);
            }
            setBusy(false);
        }
    };
    const choose = (conflict: Conflict, value: Json | undefined): void => {
        if (clash && blob !== undefined) {
            if (value !== conflict.mine) {
                state.change({ text: print(replace(blob, conflict.pointer, value)) });
            }
            setClash({ ...clash, open: clash.open.filter(other => other !== conflict) });
        }
    };
    return { busy, error, clash, choose, send };
}
