// Pending changes in words.
import { link, segment } from "../app/router";
import { KIND_NAMES, type PendingChange } from "./api";

const VERBS = { insert: "New", update: "Change", delete: "Delete" };

// "Change rule firefox-release", "Turn on again: Thunderbird beta"
export function headline(change: PendingChange): string {
    const { kind, change_type: type, title } = change;
    switch (kind) {
        case "rules":
            return type === "insert" ? `New ${title}`.trim() : `${VERBS[type]} ${title}`;
        case "emergency_shutoff":
        case "partial_stops":
            return type === "delete" ? `Turn on again: ${title}` : `Stop updates: ${title}`;
        case "permissions":
            return `${type === "delete" ? "End the permission" : type === "insert" ? "Grant the permission" : "Change the permission"}: ${title}`;
        default:
            return `${VERBS[type]} ${KIND_NAMES[kind].toLowerCase()} ${title}`;
    }
}

const STATES: Record<PendingChange["state"], string> = {
    signoffs: "waits for sign-offs",
    time: "waits for its time",
    uptake: "waits for the uptake",
    due: "due",
    failing: "fails",
};

export function stateWord(change: PendingChange): string {
    return change.stale ? "stale" : STATES[change.state];
}

export function stateTone(change: PendingChange): "red" | "amber" | "green" {
    if (change.stale || change.state === "failing") {
        return "red";
    }
    return change.state === "signoffs" ? "amber" : "green";
}

// "Firefox release", "Firefox beta* → release"
export function scopeOf(change: PendingChange): string {
    const name = (product: string | null, channel: string | null): string =>
        [product, channel].filter(Boolean).join(" ");
    const old = name(change.old_product, change.old_channel);
    const now = name(change.product, change.channel);
    return old && now && old !== now ? `${old} → ${now}` : now || old;
}

export function changeLink(kind: string, id: number | string): string {
    return link(`/changes/${segment(kind)}/${segment(id)}`);
}

export const changeKey = (change: PendingChange): string => `${change.kind}:${change.id}`;
