// Who is logged in: whom /whoami names, and nothing else.
import { computed, signal } from "@preact/signals";
import { apiUrl, useApiAt } from "./address";
import { get, type Schema } from "./client";
import {
    askOtherTabs,
    basic,
    finishLogin,
    hasLogin,
    loginEnded,
    loginNeeded,
    method,
    onLogoutElsewhere,
    renewWith,
    reportKnown,
    sayLogout,
    storedTokens,
    useLogin,
    type Login,
} from "./credentials";
import { asFailure, Failure, failureOf, noAnswer } from "./failure";
import { online } from "./network";
import type { Provider } from "./oidc";

export type User = Schema["Caller"];

// What the configuration says about this site; null until it is read.
export const config = signal<Schema["UiConfig"] | null>(null);
// undefined: not known yet. null: nobody.
export const user = signal<User | null | undefined>(undefined);
// Why the page cannot begin: then neither of the two above is known.
export const startFailure = signal<Failure | null>(null);
// The login is good, but whoever it names has no permission here.
export const stranger = signal<Failure | null>(null);
export const roles = computed(() =>
    Object.entries(user.value?.roles ?? {})
        .filter(([, role]) => !("pending" in role))
        .map(([name]) => name),
);

const STORED = "balrog.method";
const REFRESH_MS = 60_000;
// Whether the user has logged out here: whoever logs in next may be somebody else.
let leftBefore = false;

// A page on a host of its own finds the address of the API in its own /ui/config.json.
async function readConfig(): Promise<void> {
    const own = (await get("/ui/config.json")) as Schema["UiConfig"] & { api?: string };
    if (own.api) {
        useApiAt(own.api);
    }
    config.value = own.api ? await get("/ui/config.json") : own;
}

// null: by tokens, but pages cannot get them here.
export function provider(): Provider | null {
    const { mode, issuer, client_id, audience, scope } = config.value?.auth ?? {};
    return mode === "oidc" && issuer && client_id
        ? { issuer, client_id, audience: audience ?? null, scope: scope ?? null }
        : null;
}

// What a request without credentials is answered says how this site knows its users. It is asked once per browser, because
// nginx delays each refusal by a second.
async function findMethod(): Promise<void> {
    const issuer = provider();
    if (issuer) {
        method.value = "tokens";
        renewWith(async tokens => (await import("./oidc")).renewTokens(issuer, tokens));
        return;
    }
    if (localStorage.getItem(STORED) === "password") {
        method.value = "password";
        return;
    }
    const response = await fetch(apiUrl("/whoami"), { credentials: "omit", redirect: "manual" }).catch(() => {
        throw noAnswer(null);
    });
    const challenge = response.headers.get("WWW-Authenticate") ?? "";
    method.value = /^basic/i.test(challenge) ? "password" : "ambient";
    localStorage.setItem(STORED, method.value);
}

function setUser(found: User | null): void {
    const old = user.value;
    const same = old && found && JSON.stringify({ ...old, now: 0, expires_at: 0 });
    if (!same || same !== JSON.stringify({ ...found, now: 0, expires_at: 0 })) {
        user.value = found;
    }
    reportKnown(found !== null);
}

// What a refused /whoami says about who is logged in; a failure of the server's says nothing.
function takeRefusal(error: unknown): void {
    const failure = asFailure(error);
    if (failure.kind === "right") {
        // Whoever had permissions before keeps the page that is open, with nothing live on it.
        setUser(user.value ? { ...user.value, permissions: {}, roles: {} } : null);
        stranger.value = failure;
    } else if (failure.kind === "login") {
        if (!user.value) {
            useLogin(null); // of an earlier visit: without it, what is public can be read
            setUser(null);
        }
    } else {
        throw failure;
    }
}

async function readUser(): Promise<void> {
    try {
        setUser(await get("/whoami"));
        stranger.value = null;
    } catch (error) {
        takeRefusal(error);
    }
}

export async function start(): Promise<void> {
    try {
        await readConfig();
        await askOtherTabs();
        await findMethod();
        if (method.value === "ambient" || hasLogin()) {
            await readUser();
        } else {
            setUser(null);
        }
        loginNeeded.value = method.value === "password" && !hasLogin();
        startFailure.value = null;
    } catch (error) {
        startFailure.value = asFailure(error);
    }
}

export function startSession(): void {
    void start();
    onLogoutElsewhere(forget);
    setInterval(() => {
        if (!document.hidden && user.value) {
            void readUser().catch(() => null);
        }
    }, REFRESH_MS);
}

// ---- logging in ----

// Looks whom a login names, and takes it over. Throws a Failure if it names nobody.
async function take(login: Login | null): Promise<void> {
    const response = await fetch(apiUrl("/whoami"), {
        headers: login ? { Authorization: login.authorization } : {},
        credentials: login ? "omit" : "same-origin",
        redirect: "manual",
    }).catch(() => {
        throw noAnswer(null);
    });
    const text = await response.text();
    const failure = response.ok && text.startsWith("{") ? null : failureOf(response, text, null);
    if (failure && failure.kind !== "right") {
        throw failure;
    }
    const before = user.value?.username;
    useLogin(login);
    const found = failure ? null : (JSON.parse(text) as User);
    stranger.value = failure;
    setUser(found);
    const same = found !== null && (before === undefined || before === found.username);
    finishLogin(same ? "same" : "other");
    leftBefore = false;
}

// Tries a name and a password. Returns what is wrong, or null.
export async function logIn(name: string, password: string): Promise<string | null> {
    try {
        await take({ authorization: basic(name, password) });
        return null;
    } catch (error) {
        const failure = asFailure(error);
        switch (failure.status) {
            case 0:
                return "The server cannot be reached.";
            case 401:
                return "Name or password is wrong.";
            case 429:
                return "Too many attempts. Wait a few seconds.";
            default:
                return failure.message || `The server answered ${failure.status}.`;
        }
    }
}

// Logs in at the issuer, in `popup`. Returns what is wrong, or null.
export async function logInAt(issuer: Provider, popup: Window, signal: AbortSignal): Promise<string | null> {
    const oidc = await import("./oidc");
    try {
        await take(await oidc.logIn(issuer, popup, leftBefore, signal));
        return null;
    } catch (error) {
        if (signal.aborted) {
            return null;
        }
        return error instanceof Failure ? `Balrog refused the token: ${error.message}` : oidc.explain(error, issuer);
    } finally {
        popup.close();
    }
}

// Whether the browser, or a service in front, has logged somebody in meanwhile.
export async function lookForLogin(): Promise<void> {
    await take(null).catch(() => null);
}

function forget(): void {
    useLogin(null);
    setUser(null);
    stranger.value = null;
    loginEnded.value = false;
    loginNeeded.value = method.value === "password";
}

export function logOut(): void {
    const issuer = provider();
    const tokens = storedTokens();
    if (issuer && tokens) {
        void import("./oidc").then(oidc => oidc.revokeTokens(issuer, tokens)).catch(() => null);
    }
    leftBefore = true;
    sayLogout();
    forget();
}

type Permission =
    | "rule"
    | "release"
    | "release_read_only"
    | "emergency_shutoff"
    | "permission"
    | "required_signoff"
    | "pinnable_release"
    | "scheduled_change";

// The rules of docs/authority.md: an admin limited to products may do nothing else. Without a product: for some product.
export function may(permission: Permission, action: string, product?: string | null): boolean {
    const granted = user.value?.permissions;
    if (!granted) {
        return false;
    }
    const held = granted["admin"] ? granted["admin"] : granted[permission];
    if (!held) {
        return false;
    }
    const { products, actions } = held.options ?? {};
    const fits = product === undefined || !products?.length || (product !== null && products.includes(product));
    return fits && (!!granted["admin"] || !actions?.length || actions.includes(action));
}

// Why nobody can change anything at the moment, whatever they may do.
export function cannotWrite(): string | null {
    if (!online.value) {
        return "The server cannot be reached";
    }
    return loginEnded.value ? "Your login has ended: log in again" : null;
}

// Why somebody may not do something: for the title of a dead button.
export function whyNot(permission: Permission, action: string, product?: string | null): string | null {
    const now = cannotWrite();
    if (now || may(permission, action, product)) {
        return now;
    }
    if (!user.value) {
        return "Log in first";
    }
    const which = product ? ` for ${product}` : "";
    return `You need the permission “${permission}” (${action})${which}. Somebody with “permission” or “admin” can grant it.`;
}
