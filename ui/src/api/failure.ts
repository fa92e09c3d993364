// A request that failed, and what kind of failure it is: each kind needs something else from the user.
import type { components } from "./openapi";

type Kind = "network" | "login" | "right" | "busy" | "server" | "refused";

// A request that may have changed something although no answer says so.
export interface Sent {
    path: string; // as docs/openapi.json names it
    at: number; // the server's time
    version: number | null; // the version that the request was made for
    values: Record<string, unknown>; // its body
}

export class Failure extends Error {
    constructor(
        readonly status: number, // 0: there was no answer
        readonly title: string,
        readonly detail: string,
        readonly reasons: string[] = [],
        readonly requestId: string | null = null,
        readonly retryAfterS: number | null = null,
        // Set if the change may have been made all the same.
        readonly unknown: Sent | null = null,
    ) {
        super(reasons[0] ?? detail);
    }

    get outdated(): boolean {
        return [this.detail, ...this.reasons].some(text => text.includes("OutdatedDataError"));
    }

    get kind(): Kind {
        switch (this.status) {
            case 0:
                return "network";
            case 401:
                return "login";
            case 403:
                return "right";
            case 429:
            case 502:
            case 503:
            case 504:
                return "busy";
            default:
                return this.status >= 500 ? "server" : "refused";
        }
    }
}

export const noAnswer = (unknown: Sent | null): Failure =>
    new Failure(0, "No answer", "The server cannot be reached.", [], null, null, unknown);
// Somebody in front of the API wants a login first, and says so by a page instead of a 401.
export const loginPage = (): Failure =>
    new Failure(401, "Your login has ended", "A service in front of Balrog asks for a login.");

function readProblem(
    status: number,
    text: string,
): Partial<components["schemas"]["Problem"]> & { exception?: unknown } {
    try {
        return JSON.parse(text) as Partial<components["schemas"]["Problem"]>;
    } catch {
        return { title: `The server answered ${status}`, detail: text.startsWith("<") ? "" : text.slice(0, 300) };
    }
}

// A failed COMMIT says that it is not known; behind an answer of nginx's own the request may still be worked on.
function mayBeDone(status: number, detail: string): boolean {
    return status === 502 || status === 504 || (status === 503 && /not known|may have/.test(detail));
}

export function failureOf(response: Response, text: string, sent: Sent | null): Failure {
    const problem = readProblem(response.status, text);
    const { exception, detail = "" } = problem;
    const reasons = Array.isArray(exception) ? exception.map(String) : exception ? [String(exception)] : [];
    return new Failure(
        response.status,
        problem.title ?? "Error",
        detail,
        reasons,
        response.headers.get("X-Request-ID"),
        Number(response.headers.get("Retry-After")) || null,
        mayBeDone(response.status, detail) ? sent : null,
    );
}

export function asFailure(error: unknown): Failure {
    return error instanceof Failure ? error : new Failure(-1, "Error in the UI", String(error));
}
