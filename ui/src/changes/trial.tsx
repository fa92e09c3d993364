// What saving a form would need and do, as the server finds by making the change and taking it back.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Failure, Schema } from "../api/client";
import { asFailure } from "../api/data";
import { plural } from "../format/number";
import { Note } from "../parts/note";
import { Problem } from "../parts/problem";

const SETTLED_MS = 400;

export interface Trial {
    answer: Schema["DryRun"] | null;
    error: Failure | null;
    busy: boolean;
}

const NONE: Trial = { answer: null, error: null, busy: false };

// Asks with `tryOut` once nobody has typed for a moment. `key` names what is tried; null while there is nothing to try.
export function useTrial(key: string | null, tryOut: () => Promise<Schema["DryRun"]>): Trial {
    const [trial, setTrial] = useState<Trial>(NONE);
    const latest = useRef(tryOut);
    latest.current = tryOut;
    useEffect(() => {
        if (key === null) {
            setTrial(NONE);
            return undefined;
        }
        let wanted = true;
        setTrial(old => ({ ...old, busy: true }));
        const timer = setTimeout(async () => {
            const next: Trial = await latest.current().then(
                answer => ({ answer, error: null, busy: false }),
                error => ({ answer: null, error: asFailure(error), busy: false }),
            );
            if (wanted) {
                setTrial(next);
            }
        }, SETTLED_MS);
        return () => {
            wanted = false;
            clearTimeout(timer);
        };
    }, [key]);
    return trial;
}

// "1 × releng, 1 × relman"
export const listNeeded = (needed: Record<string, number>): string =>
    Object.entries(needed)
        .map(([role, n]) => `${n} × ${role}`)
        .join(", ");

// The sign-offs that saving needs, what it drops, and what the server warns of. `lost`: whose sign-offs are dropped.
export function TrialNotes({ trial, lost = [] }: { trial: Trial; lost?: string[] }): JSX.Element {
    const { answer, error, busy } = trial;
    return (
        <div class="stack" role="status">
            {!answer && !error ? (
                <p class="soft">{busy ? "Asking the server…" : "Shown once the form can be saved."}</p>
            ) : null}
            {answer ? (
                <p>
                    {Object.keys(answer.required_signoffs).length
                        ? `Needs ${listNeeded(answer.required_signoffs)}.`
                        : "Nobody has to sign."}
                    {answer.signs_as ? ` Saving counts as your sign-off as ${answer.signs_as}.` : ""}
                </p>
            ) : null}
            {answer && lost.length ? (
                <Note tone="amber">
                    Saving drops {plural(lost.length, "sign-off")} of {lost.join(", ")}.
                </Note>
            ) : null}
            {answer?.warnings.map(({ code, severity, detail }) => (
                <Note key={`${code} ${detail}`} tone={severity === "danger" ? "red" : "amber"}>
                    {detail}
                </Note>
            ))}
            {error && !error.outdated ? <Problem error={error} /> : null}
        </div>
    );
}
