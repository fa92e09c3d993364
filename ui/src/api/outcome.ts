// A change may have been made although no answer came. The history of all objects says whether it was.
import { serverNow } from "../format/time";
import { get, type Schema } from "./client";
import type { Sent } from "./failure";
import { lookAgain } from "./network";
import { user } from "./session";

type Entry = Schema["HistoryEntry"];
export type Outcome = Entry | "not made";

const LOOK_MS = 3000;
// The Date header, from which the server's time is known, has whole seconds, and small differences are taken for noise.
const UNSURE_MS = 3500;
// So long a request can still be worked on after its connection broke.
const SETTLED_MS = 6000;

const KINDS = [
    "rules",
    "v2/releases",
    "releases",
    "emergency_shutoff",
    "partial_stops",
    "required_signoffs/product",
    "required_signoffs/permissions",
    "pinnable_releases",
    "expectations",
];
const OTHER_NAMES: [string, string][] = [
    ["/roles", "roles"],
    ["/permissions", "permissions"],
    ["v2/pins", "pinnable_releases"],
];

// The kind of object, in the words of the history, that requests of this path change; null: several, or not known.
export function kindOf(path: string): string | null {
    const rest = path.replace(/^\/(?:scheduled_changes\/)?/, "");
    return (
        KINDS.find(kind => rest === kind || rest.startsWith(`${kind}/`)) ??
        OTHER_NAMES.find(([part]) => rest.includes(part) || rest === part.slice(1))?.[1] ??
        null
    );
}

// As the server keeps values: blank is null, and lists have no blanks.
const plain = (value: unknown): string => String(value ?? "").replace(/\s+/g, "");
const OWN_COLUMNS = ["when", "data_version", "sc_data_version", "change_type", "blob", "data", "options"];

// Whether the entry made something else of a column than the request asked for: then it is of another request, just before.
function isOther({ changed, change_type }: Entry, { values }: Sent): boolean {
    return (
        change_type !== "delete" &&
        Object.entries(changed).some(
            ([column, [, now]]) =>
                column in values && !OWN_COLUMNS.includes(column) && plain(now) !== plain(values[column]),
        )
    );
}

export function isMade(entry: Entry, sent: Sent): boolean {
    // Scheduling may sign as well: only who signs looks for a sign-off.
    if ((entry.what === "signoff") !== /\/signoffs?$/.test(sent.path)) {
        return false;
    }
    const kind = kindOf(sent.path);
    const next =
        sent.version !== null && entry.what === "row" ? sent.version + (entry.change_type === "delete" ? 0 : 1) : null;
    return (
        !isOther(entry, sent) &&
        (kind === null || entry.kind === kind) &&
        (next === null || entry.data_version === next)
    );
}

const wait = (): Promise<void> => new Promise(resolve => setTimeout(resolve, LOOK_MS));

// Looks until the server answers, and until the request can no longer be under way.
export async function findOutcome(sent: Sent): Promise<Outcome> {
    const query = { changed_by: user.value?.username, timestamp_from: Math.floor(sent.at - UNSURE_MS), limit: 50 };
    for (;;) {
        const answer = await get("/history", { query }).catch(() => null);
        const made = answer?.entries.find(entry => isMade(entry, sent));
        if (made) {
            lookAgain.value++;
            return made;
        }
        if (answer && serverNow() - sent.at > SETTLED_MS) {
            return "not made";
        }
        await wait();
    }
}
