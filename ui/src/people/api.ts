// What can be done with permissions: at once where nobody has to sign, and scheduled elsewhere.
import { call, get, post, rehearse, type Schema } from "../api/client";
import { refreshShared } from "../api/shared";
import { drop } from "../changes/api";
import { pendingRows, type PendingRow } from "../changes/rows";
import { soon } from "../changes/when";
import type { Step } from "../parts/steps";
import { sameOptions, type Options, type PermissionName } from "./permissions";

export type Granted = Schema["GrantedPermission"];
export type PendingPermission = PendingRow<Schema["ScheduledPermissionPending"]>;

export const readPending = (signal: AbortSignal): Promise<PendingPermission[]> =>
    pendingRows("permissions", get("/scheduled_changes/permissions", { signal }), signal);

// One permission of one user: as it is, and what is scheduled for it.
export interface Held {
    username: string;
    permission: string;
    granted: Granted | null;
    pending: PendingPermission | null;
}

// The API takes options as JSON in a string.
const text = (options: Options): string | null => (options ? JSON.stringify(options) : null);

const bodyOf = ({ username, permission, granted }: Held, type: "insert" | "update" | "delete", options: Options) => ({
    change_type: type,
    username,
    permission: permission as PermissionName,
    when: soon(),
    ...(granted ? { data_version: granted.data_version } : {}),
    ...(type === "delete" ? {} : { options: text(options) }),
});

const editOf = ({ granted, pending }: Held, options: Options) => ({
    path: { sc_id: pending?.sc_id ?? 0 },
    body: {
        sc_data_version: pending?.sc_data_version ?? 0,
        options: text(options),
        ...(granted ? { data_version: granted.data_version } : {}),
    },
});

const SCHEDULED = "/scheduled_changes/permissions";

export function tryOptions(held: Held, options: Options): Promise<Schema["DryRun"]> {
    if (held.pending) {
        return rehearse("post", `${SCHEDULED}/{sc_id}`, editOf(held, options));
    }
    return rehearse("post", SCHEDULED, { body: bodyOf(held, held.granted ? "update" : "insert", options) });
}

// Grants the permission or changes its limits. Returns what was done, in words.
export async function setOptions(held: Held, options: Options, direct: boolean): Promise<string> {
    const { username, permission, granted, pending } = held;
    if (pending && granted && sameOptions(options, granted.options)) {
        await drop(pending);
        return "Nothing is pending any more";
    }
    if (pending) {
        await post(`${SCHEDULED}/{sc_id}`, editOf(held, options));
    } else if (direct) {
        const body = { options: text(options), ...(granted ? { data_version: granted.data_version } : {}) };
        const path = { username, permission: permission as PermissionName };
        await call("put", "/users/{username}/permissions/{permission}", { path, body });
    } else {
        await post(SCHEDULED, { body: bodyOf(held, granted ? "update" : "insert", options) });
    }
    void refreshShared();
    return direct && !pending ? "Done" : "Scheduled";
}

// The sign-offs that ending the permission needs.
export async function tryEnd(held: Held): Promise<Record<string, number>> {
    if (!held.granted || held.pending) {
        return held.granted ? (held.pending?.required_signoffs ?? {}) : {};
    }
    return (await rehearse("post", SCHEDULED, { body: bodyOf(held, "delete", null) })).required_signoffs;
}

async function end(held: Held): Promise<void> {
    const { username, permission, granted } = held;
    if (!granted) {
        return;
    }
    const needed = await tryEnd({ ...held, pending: null });
    if (Object.keys(needed).length) {
        await post(SCHEDULED, { body: bodyOf(held, "delete", null) });
    } else {
        await call("delete", "/users/{username}/permissions/{permission}", {
            path: { username, permission: permission as PermissionName },
            query: { data_version: granted.data_version },
        });
    }
}

// The requests that end permissions. What is pending for them is dropped first; an end that is pending already stays.
export function endSteps(all: Held[]): Step[] {
    return all.flatMap(held => {
        const { permission, granted, pending } = held;
        if (pending?.change_type === "delete") {
            return [];
        }
        const dropping = pending
            ? [{ name: `Drop what is pending for “${permission}”`, run: () => drop(pending) }]
            : [];
        return granted ? [...dropping, { name: `End “${permission}”`, run: () => end(held) }] : dropping;
    });
}
