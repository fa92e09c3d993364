// How requests prove who sends them. Passwords are kept in this tab's sessionStorage, which the browser empties when the tab
// is closed; other tabs of this site ask for them when they start.
import { signal } from "@preact/signals";

interface Credentials {
    headers: Record<string, string>;
    mode: RequestCredentials;
}

const KEY = "balrog.authorization";
const channel = new BroadcastChannel("balrog.login");

// Whether somebody has to log in before the page can go on; the login dialog is shown while it is set.
export const loginNeeded = signal(false);
// "password": by the form. "ambient": the browser does it (client certificates), or nobody is known.
export const method = signal<"password" | "ambient">("ambient");

let authorization = sessionStorage.getItem(KEY);
let resume: ((again: boolean) => void)[] = [];

// Without `omit` the browser would ask for a password itself, and then nobody could become another user.
export function credentials(): Credentials {
    if (authorization) {
        return { headers: { Authorization: authorization }, mode: "omit" };
    }
    return { headers: {}, mode: method.value === "password" ? "omit" : "same-origin" };
}

export function hasPassword(): boolean {
    return authorization !== null;
}

export function basic(user: string, password: string): string {
    const text = new TextEncoder().encode(`${user}:${password}`);
    return `Basic ${btoa(String.fromCharCode(...text))}`;
}

export function useAuthorization(value: string | null): void {
    authorization = value;
    if (value === null) {
        sessionStorage.removeItem(KEY);
    } else {
        sessionStorage.setItem(KEY, value);
    }
}

channel.onmessage = event => {
    if (event.data === "who" && authorization) {
        channel.postMessage({ authorization });
    }
};

// Asks the other tabs. The answer is there at once or not at all.
export function askOtherTabs(): Promise<void> {
    if (authorization) {
        return Promise.resolve();
    }
    return new Promise(resolve => {
        const done = (event?: MessageEvent<{ authorization?: string }>): void => {
            const found = event?.data?.authorization;
            if (event && !found) {
                return;
            }
            if (found) {
                useAuthorization(found);
            }
            channel.removeEventListener("message", done);
            resolve();
        };
        channel.addEventListener("message", done);
        channel.postMessage("who");
        setTimeout(() => done(), 60);
    });
}

// Called for a 401. Resolves once the login dialog is closed: true if the request is worth another try.
export function reportUnauthorized(sent: Record<string, string>): Promise<boolean> {
    if (method.value !== "password") {
        return Promise.resolve(false);
    }
    if (authorization && sent["Authorization"] !== authorization) {
        return Promise.resolve(true);
    }
    loginNeeded.value = true;
    return new Promise(resolve => resume.push(resolve));
}

export function finishLogin(ok: boolean): void {
    loginNeeded.value = false;
    const all = resume;
    resume = [];
    all.forEach(resolve => resolve(ok));
}
