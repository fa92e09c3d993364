// What the frame shows on every page: stops, and how many changes wait for me. Pages that change one of them call refresh.
import { signal } from "@preact/signals";
import { get, type Answer } from "./client";
import { method } from "./credentials";
import { lookAgain } from "./network";
import { user } from "./session";
import { share } from "./share";

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

export async function refreshShared(): Promise<void> {
    if (user.value === undefined || (user.value === null && method.value === "password")) {
        return; // nothing can be read
    }
    const [found, pending] = await Promise.allSettled([readStops(), get("/pending", { query: { limit: 1 } })]);
    if (found.status === "fulfilled") {
        stops.value = share(stops.value, found.value.shutoffs).value;
        // An admin that is older than this UI has no stops for a part: the two are deployed on their own.
        const parts = (found.value as Partial<Stops>).partial_stops ?? [];
        partialStops.value = share(partialStops.value, parts).value;
    }
    if (pending.status === "fulfilled") {
        inboxCount.value = pending.value.mine;
    }
}

export function startShared(): void {
    user.subscribe(() => void refreshShared());
    lookAgain.subscribe(n => n && void refreshShared());
    let last = Date.now();
    setInterval(() => {
        if (!document.hidden || Date.now() - last >= HIDDEN_MS) {
            last = Date.now();
            void refreshShared();
        }
    }, REFRESH_MS);
}
