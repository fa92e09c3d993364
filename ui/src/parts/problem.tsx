import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { loginNeeded } from "../api/credentials";
import type { Failure, Sent } from "../api/failure";
import { findOutcome, type Outcome } from "../api/outcome";
import { utcWithSeconds } from "../format/time";
import { Button } from "./button";

const RETRY_S = 5;

const TITLES: Partial<Record<Failure["kind"], string>> = {
    network: "The server cannot be reached",
    login: "You are not logged in",
    right: "You may not do this",
};

const ADVICE: Record<Failure["kind"], string> = {
    network:
        "The network between you and the server, or the server itself, does not work. Nothing on this page is lost.",
    login: "Log in, and try again. Nothing on this page is lost.",
    right: "Somebody with the permission “permission” or “admin” can grant what is missing.",
    busy: "The server, or its database, does not answer at the moment.",
    server: "This is a fault of the server. Its log has more under the number of the request.",
    refused: "",
};

// Counts down, and then tries again: reads only. A page that nobody looks at waits.
function Countdown({ error, retry }: { error: Failure; retry: () => void }): JSX.Element {
    const [left, setLeft] = useState(error.retryAfterS ?? RETRY_S);
    useEffect(() => {
        setLeft(error.retryAfterS ?? RETRY_S);
        const timer = setInterval(() => setLeft(old => (document.hidden ? old : old - 1)), 1000);
        return () => clearInterval(timer);
    }, [error]);
    useEffect(() => {
        if (left === 0) {
            retry();
        }
    }, [left]);
    return <span class="soft">{left > 0 ? `Trying again in ${left} s` : "Trying again…"}</span>;
}

function outcomeText(outcome: Outcome | null): string {
    if (outcome === null) {
        return "No answer came. Looking whether it was done…";
    }
    return outcome === "not made"
        ? "It was not done: the history has no such change of yours. You can try again."
        : `It was done at ${utcWithSeconds(outcome.timestamp)} UTC. Do not send it again.`;
}

// Of a change whose answer was lost: looks, and says what became of it.
function Unknown({ sent }: { sent: Sent }): JSX.Element {
    const [outcome, setOutcome] = useState<Outcome | null>(null);
    useEffect(() => {
        let wanted = true;
        void findOutcome(sent).then(found => wanted && setOutcome(found));
        return () => {
            wanted = false;
        };
    }, [sent]);
    return <p role="status">{outcomeText(outcome)}</p>;
}

function asText(error: Failure): string {
    const { status, title, detail, reasons, requestId } = error;
    return [`${status} ${title}`, detail, ...reasons, requestId ? `Request ${requestId}` : ""]
        .filter(Boolean)
        .join("\n");
}

// What went wrong, in the server's words, and what to do about it. `retry`: only for what changes nothing.
export function Problem({ error, retry }: { error: Failure; retry?: () => void }): JSX.Element {
    const { kind } = error;
    const title = error.unknown ? "This may have been done" : (TITLES[kind] ?? error.title);
    // For a login, the server's words are about tokens; they are among what is copied.
    const lines = kind === "login" ? [] : [...new Set([error.detail, ...error.reasons])].filter(Boolean);
    return (
        <div class={`note stack ${kind === "login" ? "amber" : "red"}`}>
            <div class="stack" role="alert">
                <div class="row">
                    <strong>{title}</strong>
                    {error.status > 0 ? <span class="soft">{error.status}</span> : null}
                </div>
                {lines.map(line => (
                    <p key={line}>{line}</p>
                ))}
                {ADVICE[kind] && !error.unknown && !(kind === "busy" && lines.length) ? (
                    <p class="soft">{ADVICE[kind]}</p>
                ) : null}
            </div>
            {error.unknown ? <Unknown sent={error.unknown} /> : null}
            <div class="row">
                {kind === "login" ? (
                    <Button kind="small primary" onClick={() => (loginNeeded.value = true)}>
                        Log in
                    </Button>
                ) : null}
                {retry ? (
                    <Button kind="small" onClick={retry}>
                        Try again
                    </Button>
                ) : null}
                <Button kind="small quiet" onClick={() => void navigator.clipboard?.writeText(asText(error))}>
                    Copy
                </Button>
                {error.requestId ? <code class="soft small">Request {error.requestId}</code> : null}
                {retry && (kind === "busy" || kind === "network") ? <Countdown error={error} retry={retry} /> : null}
            </div>
        </div>
    );
}
