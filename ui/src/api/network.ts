// Whether the server answers at all. While it does not, a light request every few seconds finds out when it does again.
import { signal } from "@preact/signals";
import { serverNow } from "../format/time";
import { apiUrl } from "./address";

const PROBE_MS = 3000;

export const online = signal(true);
// When the last answer came, by the server's clock; null before the first one.
export const lastAnswerAt = signal<number | null>(null);
// Counts what makes all data worth another look: the server is back, or a change turned out to have been made.
export const lookAgain = signal(0);

// Changes of one's own are no news.
const OWN_MS = 5000;
let ownAt = -OWN_MS;

export function reportOwnChange(): void {
    ownAt = performance.now();
}

export const isNews = (): boolean => performance.now() - ownAt > OWN_MS;

let answeredAt: number | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

export function reportAnswer(): void {
    answeredAt = serverNow();
    if (!online.value) {
        clearTimeout(timer);
        online.value = true;
        lookAgain.value++;
    }
}

export function reportNoAnswer(): void {
    lastAnswerAt.value = answeredAt;
    online.value = false;
    clearTimeout(timer);
    timer = setTimeout(() => void probe(), PROBE_MS);
}

async function probe(): Promise<void> {
    try {
        // Any answer will do, also one that a page of another host must not read.
        await fetch(apiUrl("/__lbheartbeat__"), { cache: "no-store", credentials: "omit", mode: "no-cors" });
        reportAnswer();
    } catch {
        reportNoAnswer();
    }
}

export function startNetwork(): void {
    window.addEventListener("offline", reportNoAnswer);
    window.addEventListener("online", () => void probe());
}
