// What can be done with a pending change, whatever its kind.
import { call, Failure, get, post, tagFor, type Schema } from "../api/client";
import { refreshShared } from "../api/shared";
import type { Signable } from "./signoffs";

export type PendingChange = Schema["PendingEntry"];
export type Kind = PendingChange["kind"];
type RowKind = Exclude<Kind, "v2/releases">;

// Names a change in lists and addresses: v2 releases by their name, all else by its number.
export interface ChangeRef extends Signable {
    kind: Kind;
    id: number | string;
    sc_data_version?: number;
    // Of a v2 release: stands for the whole difference that was shown. Its sign-offs have no version that the server could compare.
    diff?: string;
}

export const KIND_NAMES: Record<Kind, string> = {
    rules: "Rule",
    releases: "Release (v1)",
    "v2/releases": "Release",
    permissions: "Permission",
    emergency_shutoff: "Emergency stop",
    partial_stops: "Partial stop",
    "required_signoffs/product": "Required sign-offs",
    "required_signoffs/permissions": "Required sign-offs for permissions",
    pinnable_releases: "Pin",
};

// Stands for the whole difference, of which a page shows only the groups with an example each.
export function diffTag(left: string, right: string, signal?: AbortSignal): Promise<string> {
    return tagFor("/release_diff", { query: { left, right, format: "text" }, signal });
}

async function refuseIfMoved({ id, diff }: ChangeRef): Promise<void> {
    if (diff !== undefined && (await diffTag(String(id), `${id}@pending`)) !== diff) {
        throw new Failure(400, "Bad Request", "OutdatedDataError: the change was edited");
    }
}

// Signs what was shown: if the change was edited since, this fails.
export async function signOff(change: ChangeRef, role: string): Promise<void> {
    if (change.kind === "v2/releases") {
        await refuseIfMoved(change);
        await call("put", "/v2/releases/{name}/signoff", { path: { name: String(change.id) }, body: { role } });
    } else {
        const path = `/scheduled_changes/${change.kind as RowKind}/{sc_id}/signoffs` as const;
        await post(path, {
            path: { sc_id: Number(change.id) },
            body: { role, sc_data_version: change.sc_data_version },
        });
    }
    void refreshShared();
}

export async function revoke(change: ChangeRef): Promise<void> {
    if (change.kind === "v2/releases") {
        await call("delete", "/v2/releases/{name}/signoff", { path: { name: String(change.id) } });
    } else {
        const path = `/scheduled_changes/${change.kind as RowKind}/{sc_id}/signoffs` as const;
        await call("delete", path, { path: { sc_id: Number(change.id) } });
    }
    void refreshShared();
}

export async function drop(change: ChangeRef): Promise<void> {
    if (change.kind === "v2/releases") {
        await call("delete", "/v2/releases/{name}/scheduled_changes", { path: { name: String(change.id) } });
        void refreshShared();
        return;
    }
    const path = `/scheduled_changes/${change.kind as RowKind}/{sc_id}` as const;
    await call("delete", path, {
        path: { sc_id: Number(change.id) },
        query: { data_version: change.sc_data_version ?? 0 },
    });
    void refreshShared();
}

const PAGE = 60;
const PAGES = 10;

// All pending changes, of one kind and product if they are given, or as many as anybody reads.
export async function allPending(
    signal: AbortSignal | undefined,
    kind?: Kind,
    product?: string,
): Promise<PendingChange[]> {
    const found: PendingChange[] = [];
    let after: string | undefined;
    for (let page = 0; page < PAGES; page++) {
        const answer = await get("/pending", { query: { limit: PAGE, after, kind, product }, signal });
        found.push(...answer.pending);
        if (!answer.next) {
            break;
        }
        after = String(answer.next);
    }
    return found;
}
