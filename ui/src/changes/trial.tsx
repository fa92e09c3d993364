// What saving a form would need and do, as the server finds by making the change and taking it back.
import type { JSX } from "preact";
import type { Schema } from "../api/client";
import { useSettled, type Settled } from "../api/settled";
import { plural } from "../format/number";
import { Note } from "../parts/note";
import { Problem } from "../parts/problem";
import { Warnings } from "./warnings";

const SETTLED_MS = 400;

export type Trial = Settled<Schema["DryRun"]>;

// Asks with `tryOut` once nobody has typed for a moment. `key` names what is tried; null while there is nothing to try.
export function useTrial(
    key: string | null,
    tryOut: (signal: AbortSignal) => Promise<Schema["DryRun"]>,
    settledMs = SETTLED_MS,
): Trial {
    return useSettled(key, settledMs, tryOut);
}

// Whether saving needs nobody's sign-off; false while that is not known.
export function isDirect({ answer, busy }: Trial): boolean {
    return !!answer && !busy && !Object.keys(answer.required_signoffs).length;
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
            <Warnings warnings={answer?.warnings ?? []} />
            {error && !error.outdated ? <Problem error={error} /> : null}
        </div>
    );
}
