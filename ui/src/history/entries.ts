// Entries of /history in words: what was done to which object, and which entries belong together.
import type { Schema } from "../api/client";
import { utc } from "../format/time";

export type Entry = Schema["HistoryEntry"];

// An entry, with the scheduled change that it came from if it was made by one.
export interface Event {
    entry: Entry;
    scId: number | null;
}

// A row and the enactment that wrote it have different times, because the database gives each entry one of its own.
const SAME_MOMENT_MS = 2000;

const keyOf = (entry: Entry): string => JSON.stringify([entry.kind, entry.key]);

export const entryId = (entry: Entry): string =>
    `${entry.timestamp} ${keyOf(entry)} ${entry.what} ${entry.change_type} ${entry.sc_id} ${entry.data_version}`;

export function withoutRepeats(entries: Entry[]): Entry[] {
    return [...new Map(entries.map(entry => [entryId(entry), entry])).values()];
}

// Newest first. The enactment of a change and what it wrote are one event.
export function eventsOf(entries: Entry[]): Event[] {
    const enactments = entries.filter(entry => entry.change_type === "enact");
    const used = new Set<Entry>();
    const events = entries
        .filter(entry => entry.change_type !== "enact")
        .map(entry => {
            const made = ["row", "content"].includes(entry.what);
            const enactment = enactments.find(
                other =>
                    made &&
                    !used.has(other) &&
                    keyOf(other) === keyOf(entry) &&
                    Math.abs(other.timestamp - entry.timestamp) < SAME_MOMENT_MS,
            );
            if (enactment) {
                used.add(enactment);
            }
            return { entry, scId: entry.sc_id ?? enactment?.sc_id ?? null };
        });
    const rest = enactments.filter(entry => !used.has(entry)).map(entry => ({ entry, scId: entry.sc_id }));
    return [...events, ...rest].sort((a, b) => b.entry.timestamp - a.entry.timestamp);
}

export interface Day {
    day: string; // 2026-11-28, in UTC
    events: Event[];
}

export function byDay(events: Event[]): Day[] {
    const days: Day[] = [];
    for (const event of events) {
        const day = new Date(event.entry.timestamp).toISOString().slice(0, 10);
        const last = days[days.length - 1];
        if (last?.day === day) {
            last.events.push(event);
        } else {
            days.push({ day, events: [event] });
        }
    }
    return days;
}

export const HISTORY_KINDS: Record<string, string> = {
    rules: "Rules",
    releases: "Releases (v1)",
    "v2/releases": "Releases",
    emergency_shutoff: "Emergency stops",
    partial_stops: "Partial stops",
    "required_signoffs/product": "Required sign-offs",
    "required_signoffs/permissions": "Required sign-offs for permissions",
    pinnable_releases: "Pins",
    expectations: "Expectations",
    permissions: "Permissions",
    roles: "Roles",
};

// The columns with times in words.
export function readable(changed: Entry["changed"]): Record<string, unknown[]> {
    const words = (value: unknown): unknown => (typeof value === "number" && value ? `${utc(value)} UTC` : value);
    return Object.fromEntries(
        Object.entries(changed).map(([name, pair]) => [name, name === "when" ? pair.map(words) : pair]),
    );
}

export const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));

// "rule 10", "permission rule of releng@example.org"
export function objectName({ kind, key }: Entry): string {
    const of = (...names: string[]): string =>
        names
            .map(name => text(key[name]))
            .filter(Boolean)
            .join(" ");
    switch (kind) {
        case "rules":
            return `rule ${of("rule_id") || "that is new"}`;
        case "releases":
        case "v2/releases":
            return `release ${of("name", "path")}`;
        case "emergency_shutoff":
            return `stop of ${of("product", "channel")}`;
        case "partial_stops":
            return `partial stop ${of("stop_id") || "that is new"}`;
        case "required_signoffs/product":
            return `sign-offs by ${of("role")} for ${of("product", "channel")}`;
        case "required_signoffs/permissions":
            return `sign-offs by ${of("role")} for permissions of ${of("product")}`;
        case "pinnable_releases":
            return `pin ${of("product", "channel", "version")}`;
        case "expectations":
            return `expectation ${of("product")}: ${of("name")}`;
        case "permissions":
            return `permission ${of("permission")} of ${of("username")}`;
        case "roles":
            return `role ${of("role")} of ${of("username")}`;
        default:
            return `${kind} ${Object.values(key).map(text).join(" ")}`;
    }
}

const DONE: Record<string, string> = { insert: "New", update: "Changed", delete: "Deleted", enact: "Enacted" };
const PLANNED: Record<string, string> = {
    insert: "Scheduled",
    update: "Edited the scheduled change of",
    delete: "Dropped the scheduled change of",
    enact: "Enacted a change of",
};
const SCHEDULED: Record<string, string> = { insert: "new", update: "change of", delete: "deletion of" };

// "Changed rule 10", "Scheduled: deletion of rule 10", "Signed off as relman"
export function sentence(entry: Entry): { does: string; object: string } {
    const { what, change_type: type } = entry;
    if (what === "signoff") {
        const role = text(entry.changed["role"]?.[type === "delete" ? 0 : 1]);
        return {
            does: type === "delete" ? `Took back the sign-off as ${role} of` : `Signed off as ${role}`,
            object: "",
        };
    }
    const object = objectName(entry);
    if (what === "scheduled_change") {
        const planned = PLANNED[type] ?? type;
        const does = type === "insert" ? `${planned}: ${SCHEDULED[entry.scheduled_type ?? "update"]}` : planned;
        return { does, object };
    }
    return { does: DONE[type] ?? type, object };
}

// The filter `object` that finds everything about this object.
export function objectFilter({ kind, key }: Entry): string {
    const column = ["rules"].includes(kind)
        ? "rule_id"
        : ["releases", "v2/releases", "expectations"].includes(kind)
          ? "name"
          : ["permissions", "roles"].includes(kind)
            ? "username"
            : "product";
    return `${kind}:${text(key[column])}`;
}
