import type { JSX } from "preact";
import type { Failure } from "../api/client";
import { Button } from "./button";

const ADVICE: Record<number, string> = {
    0: "Check your network. Nothing was lost on this page.",
    401: "Log in again.",
    403: "Somebody with the permission “permission” or “admin” can grant what is missing.",
    429: "Too many requests: wait a moment, and try again.",
    502: "The admin service does not run, or its database cannot be reached.",
    503: "The database does not answer. Try again in a few seconds.",
};

// What went wrong, in the server's words, and what to do about it.
export function Problem({ error, retry }: { error: Failure; retry?: () => void }): JSX.Element {
    const lines = error.reasons.length ? error.reasons : [error.detail].filter(Boolean);
    const title = error.unknown ? "This may have been done" : error.title;
    const copy = (): void =>
        void navigator.clipboard?.writeText(
            [`${error.status} ${error.title}`, error.detail, ...error.reasons, error.requestId ?? ""].join("\n"),
        );
    return (
        <div class="note red stack" role="alert">
            <div class="row">
                <strong>{title}</strong>
                {error.status ? <span class="soft">{error.status}</span> : null}
            </div>
            {lines.map(line => (
                <p key={line}>{line}</p>
            ))}
            {error.unknown ? (
                <p>The answer did not arrive. Look whether the change is there before you try again.</p>
            ) : ADVICE[error.status] ? (
                <p class="soft">{ADVICE[error.status]}</p>
            ) : null}
            <div class="row">
                {retry ? (
                    <Button kind="small" onClick={retry}>
                        Try again
                    </Button>
                ) : null}
                <Button kind="small quiet" onClick={copy}>
                    Copy
                </Button>
            </div>
        </div>
    );
}
