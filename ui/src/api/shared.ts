// What the frame shows on every page: stops, and how many changes wait for me. Pages that change one of them call refresh.
import { signal } from "@preact/signals";
import { get, type Answer } from "./client";
import { method } from "./credentials";
import { lookAgain } from "./network";
import { user } from "./session";
import { share } from "./share";

// A stop is seen by everybody within ten seconds, also on a slow network. The answers are small, and 304 without news.
const STOPS_MS = 5000;
const REFRESH_MS = 10_000;
// While the page is not visible, for the notification that something waits for me.
const HIDDEN_MS = 60_000;

export type Stop = Answer<"/shutoffs">["shutoffs"][number];
export type PartialStop = Answer<"/shutoffs">["partial_stops"][number];

export const stops = signal<Stop[]>([]);
export const partialStops = signal<PartialStop[]>([]);
export const inboxCount = signal(0);

interface Stops {
    shutoffs: Stop[];
    partial_stops: PartialStop[];
}

// Everybody may know what is stopped and why, but not by whom.
async function readStops(): Promise<Stops> {
    if (user.value) {
        return get("/shutoffs");
    }
    const hidden = { created_at: null, created_by: null, changed_at: null, changed_by: null };
    const [whole, parts] = await Promise.all([get("/emergency_shutoff"), get("/partial_stops")]);
    return {
        shutoffs: whole.shutoffs.map(stop => ({ ...stop, ...hidden })),
        partial_stops: parts.partial_stops.map(stop => ({ ...stop, ...hidden })),
    };
}

const canRead = (): boolean => user.value !== undefined && !(user.value === null && method.value === "password");

async function refreshStops(): Promise<void> {
    const found = await readStops();
    stops.value = share(stops.value, found.shutoffs).value;
    // An admin that is older than this UI has no stops for a part: the two are deployed on their own.
    const parts = (found as Partial<Stops>).partial_stops ?? [];
    partialStops.value = share(partialStops.value, parts).value;
}

async function refreshInbox(): Promise<void> {
    inboxCount.value = (await get("/pending", { query: { limit: 1 } })).mine;
}

// What cannot be read stays as it is.
export async function refreshShared(): Promise<void> {
    if (canRead()) {
        await Promise.allSettled([refreshStops(), refreshInbox()]);
    }
}

// Calls `refresh` this often while the page is visible, else seldom.
function repeat(ms: number, refresh: () => Promise<unknown>): void {
    let last = Date.now();
    setInterval(() => {
        if (canRead() && (!document.hidden || Date.now() - last >= HIDDEN_MS)) {
            last = Date.now();
            void refresh().catch(() => null);
        }
    }, ms);
}

export function startShared(): void {
    user.subscribe(() => void refreshShared());
    lookAgain.subscribe(n => n && void refreshShared());
    repeat(STOPS_MS, refreshStops);
    repeat(REFRESH_MS, refreshInbox);
}
