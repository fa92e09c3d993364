// Who is logged in: whom /whoami names, and nothing else.
import { computed, signal } from "@preact/signals";
import { get, type Schema } from "./client";
import { askOtherTabs, basic, finishLogin, hasPassword, loginNeeded, method, useAuthorization } from "./credentials";

export type User = Schema["Caller"];

// What the configuration says about this site; null until it is read, or if that fails.
export const config = signal<Schema["UiConfig"] | null>(null);
// undefined: not known yet. null: nobody.
export const user = signal<User | null | undefined>(undefined);
export const roles = computed(() =>
    Object.entries(user.value?.roles ?? {})
        .filter(([, role]) => !("pending" in role))
        .map(([name]) => name),
);

const STORED = "balrog.method";

// What a request without credentials is answered says how this site knows its users. It is asked once per browser, because
// nginx delays each refusal by a second.
async function findMethod(): Promise<void> {
    if (hasPassword() || localStorage.getItem(STORED) === "password") {
        method.value = "password";
        return;
    }
    const response = await fetch("/whoami", { credentials: "omit" }).catch(() => null);
    const challenge = response?.headers.get("WWW-Authenticate") ?? "";
    method.value = /^basic/i.test(challenge) ? "password" : "ambient";
    localStorage.setItem(STORED, method.value);
}

async function readUser(): Promise<void> {
    user.value = await get("/whoami").catch(() => null);
}

export async function start(): Promise<void> {
    void get("/ui/config.json").then(
        value => (config.value = value),
        () => null,
    );
    await askOtherTabs();
    await findMethod();
    if (method.value === "password" && !hasPassword()) {
        user.value = null;
        loginNeeded.value = true;
        return;
    }
    await readUser();
}

// Tries a name and a password. Returns what is wrong, or null.
export async function logIn(name: string, password: string): Promise<string | null> {
    const authorization = basic(name, password);
    const response = await fetch("/whoami", {
        headers: { Authorization: authorization },
        credentials: "omit",
    }).catch(() => null);
    if (!response) {
        return "The server cannot be reached. Check your network.";
    }
    if (response.status === 401) {
        return "Name or password is wrong.";
    }
    if (response.status === 429) {
        return "Too many attempts. Wait a few seconds.";
    }
    if (!response.ok) {
        const problem = (await response.json().catch(() => ({}))) as { exception?: string; detail?: string };
        return problem.exception ?? problem.detail ?? `The server answered ${response.status}.`;
    }
    useAuthorization(authorization);
    user.value = (await response.json()) as User;
    finishLogin(true);
    return null;
}

export function logOut(): void {
    useAuthorization(null);
    user.value = null;
    loginNeeded.value = method.value === "password";
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

// Why somebody may not do something: for the title of a dead button.
export function whyNot(permission: Permission, action: string, product?: string | null): string | null {
    if (may(permission, action, product)) {
        return null;
    }
    if (!user.value) {
        return "Log in first";
    }
    const which = product ? ` for ${product}` : "";
    return `You need the permission “${permission}” (${action})${which}. Somebody with “permission” or “admin” can grant it.`;
}
