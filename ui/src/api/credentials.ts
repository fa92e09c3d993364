// How requests prove who sends them. Passwords and tokens are kept in this tab's sessionStorage, which the browser empties when
// the tab is closed; other tabs of this site ask for them when they start.
import { signal } from "@preact/signals";
import { forgetAll } from "./kept";

export interface Tokens {
    expiresAt: number; // by this computer's clock
    refresh: string | null;
}

export interface Login {
    authorization: string;
    tokens?: Tokens;
}

interface Credentials {
    headers: Record<string, string>;
    mode: RequestCredentials;
}

const KEY = "balrog.login";
const channel = new BroadcastChannel("balrog.login");
// Tokens are renewed so long before they end.
const EARLY_MS = 60_000;
const TOO_LATE_MS = 5000;

// Whether somebody has to log in before the page can go on; the login dialog is shown while it is set.
export const loginNeeded = signal(false);
// A login that was good is not any more, and the user has closed the dialog that asked for another one.
export const loginEnded = signal(false);
// password, tokens: by a dialog. ambient: the browser does it (client certificates), or a service in front; or nobody is known.
export const method = signal<"password" | "tokens" | "ambient">("ambient");
// When the tokens end, if nothing can renew them.
export const endsAt = signal<number | null>(null);

let login: Login | null = readStored();
let somebodyKnown = false;
let resume: ((again: boolean) => void)[] = [];
let renewer: ((tokens: Tokens) => Promise<Login | null>) | null = null;
let renewal: Promise<boolean> | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function readStored(): Login | null {
    try {
        return JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Login | null;
    } catch {
        return null;
    }
}

// Without `omit` the browser would ask for a password itself, and then nobody could become another user.
export function credentials(): Credentials {
    // One that has ended would only be in the way of what is public.
    if (login && !loginEnded.value) {
        return { headers: { Authorization: login.authorization }, mode: "omit" };
    }
    return { headers: {}, mode: method.value === "ambient" ? "same-origin" : "omit" };
}

export const hasLogin = (): boolean => login !== null;
export const storedTokens = (): Tokens | null => login?.tokens ?? null;

export function basic(user: string, password: string): string {
    const text = new TextEncoder().encode(`${user}:${password}`);
    return `Basic ${btoa(String.fromCharCode(...text))}`;
}

export function useLogin(value: Login | null): void {
    if (login?.authorization !== value?.authorization) {
        forgetAll();
    }
    login = value;
    if (value === null) {
        sessionStorage.removeItem(KEY);
    } else {
        sessionStorage.setItem(KEY, JSON.stringify(value));
    }
    planRenewal();
}

// What /whoami said last: a 401 ends a login only if there was one.
export function reportKnown(known: boolean): void {
    somebodyKnown = known;
}

// ---- other tabs ----

type Message = { who: true } | { login: Login; instead?: string } | { out: string };

const post = (message: Message): void => channel.postMessage(message);
const leaving = new Set<() => void>();

export function onLogoutElsewhere(run: () => void): void {
    leaving.add(run);
}

channel.addEventListener("message", ({ data }: MessageEvent<Message>) => {
    if ("who" in data && login) {
        post({ login });
    } else if ("login" in data && data.instead && data.instead === login?.authorization) {
        useLogin(data.login);
    } else if ("out" in data && data.out === login?.authorization) {
        leaving.forEach(run => run());
    }
});

// Asks the other tabs. The answer is there at once or not at all.
export function askOtherTabs(): Promise<void> {
    if (login) {
        planRenewal();
        return Promise.resolve();
    }
    return new Promise(resolve => {
        const done = (event?: MessageEvent<Message>): void => {
            const found = event && "login" in event.data ? event.data.login : null;
            if (event && !found) {
                return;
            }
            if (found) {
                useLogin(found);
            }
            channel.removeEventListener("message", done);
            resolve();
        };
        channel.addEventListener("message", done);
        post({ who: true });
        setTimeout(() => done(), 60);
    });
}

export function sayLogout(): void {
    if (login) {
        post({ out: login.authorization });
    }
}

// ---- renewing tokens ----

export function renewWith(run: typeof renewer): void {
    renewer = run;
}

function planRenewal(): void {
    clearTimeout(timer);
    const tokens = login?.tokens;
    endsAt.value = tokens && !tokens.refresh ? tokens.expiresAt : null;
    if (tokens?.refresh) {
        const left = tokens.expiresAt - Date.now();
        timer = setTimeout(
            () => void renew(),
            Math.max(1000, Math.min(left - Math.min(EARLY_MS, left / 4), 2 ** 31 - 1)),
        );
    }
}

// One tab renews, the others take its tokens over: many issuers accept a refresh token only once.
async function renewOnce(): Promise<boolean> {
    const before = login;
    if (!before?.tokens?.refresh || !renewer) {
        return false;
    }
    const run = renewer;
    return navigator.locks.request("balrog.renewal", async () => {
        if (login !== before) {
            return login !== null;
        }
        const renewed = await run(before.tokens as Tokens);
        if (!renewed) {
            return false;
        }
        useLogin(renewed);
        post({ login: renewed, instead: before.authorization });
        // Until the other tabs have read it.
        await new Promise(resolve => setTimeout(resolve, 100));
        return true;
    });
}

// False: the issuer refuses, or there is nothing to renew with. While the issuer cannot be reached, it is tried again.
export function renew(): Promise<boolean> {
    renewal ??= renewOnce()
        .then(
            ok => {
                if (!ok && login?.tokens?.refresh) {
                    useLogin({ ...login, tokens: { ...login.tokens, refresh: null } });
                }
                return ok;
            },
            () => {
                clearTimeout(timer);
                timer = setTimeout(() => void renew(), TOO_LATE_MS);
                return false;
            },
        )
        .finally(() => (renewal = null));
    return renewal;
}

// To be awaited before each request.
export async function freshen(): Promise<void> {
    if (login?.tokens?.refresh && login.tokens.expiresAt < Date.now() + TOO_LATE_MS) {
        await renew();
    }
}

// ---- logging in again ----

// Called for a 401. Resolves true if the request is worth another try: at once, or once the login dialog is closed.
export async function reportUnauthorized(sent: Record<string, string>, first: boolean): Promise<boolean> {
    if (login && !loginEnded.value && sent["Authorization"] !== login.authorization) {
        return true;
    }
    if (first && !loginEnded.value && (await renew())) {
        return true;
    }
    if (!somebodyKnown || loginEnded.value) {
        return false;
    }
    loginNeeded.value = true;
    return new Promise(resolve => resume.push(resolve));
}

// same: the one who was logged in before. Nobody else sends what they have asked for.
export function finishLogin(who: "same" | "other" | "nobody"): void {
    loginNeeded.value = false;
    loginEnded.value = who === "nobody" && somebodyKnown;
    const all = resume;
    resume = [];
    all.forEach(resolve => resolve(who === "same"));
}
