// What the frame shows on every page: stops, and how many changes wait for me. Pages that change one of them call refresh.
import { signal } from "@preact/signals";
import { get, type Answer } from "./client";
import { user } from "./session";

const REFRESH_MS = 10_000;

export type Stop = Answer<"/shutoffs">["shutoffs"][number];

export const stops = signal<Stop[]>([]);
export const inboxCount = signal(0);

export async function refreshShared(): Promise<void> {
    if (!user.value) {
        return;
    }
    const [shutoffs, pending] = await Promise.allSettled([get("/shutoffs"), get("/pending", { query: { limit: 1 } })]);
    if (shutoffs.status === "fulfilled") {
        const before = JSON.stringify(stops.value);
        if (JSON.stringify(shutoffs.value.shutoffs) !== before) {
            stops.value = shutoffs.value.shutoffs;
        }
    }
    if (pending.status === "fulfilled") {
        inboxCount.value = pending.value.mine;
    }
}

export function startShared(): void {
    user.subscribe(() => void refreshShared());
    setInterval(() => {
        if (!document.hidden) {
            void refreshShared();
        }
    }, REFRESH_MS);
}
