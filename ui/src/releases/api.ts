// Releases of both kinds: reading them, and what is done with a whole release. Where sign-offs are needed, a change is scheduled.
import { call, get, post, rehearse, type Failure, type Schema } from "../api/client";
import { asFailure } from "../api/data";
import { allPending, type PendingChange } from "../changes/api";
import { soon } from "../changes/when";

export type Listed = Schema["ReleaseIndex"]["releases"][number];
export type Revision = Schema["ReleaseRevisions"]["revisions"][number];
export type Kind = Listed["kind"];

// Of a name that both tables have, the v2 release is the one that is served.
export async function findRelease(name: string, signal?: AbortSignal): Promise<Listed | null> {
    const { releases } = await get("/release_index", { query: { name }, signal });
    return releases.find(({ kind }) => kind === "v2") ?? releases[0] ?? null;
}

// What is scheduled for the release.
export async function findPending(release: Listed, signal?: AbortSignal): Promise<PendingChange | null> {
    if (!release.pending) {
        return null;
    }
    const kind = release.kind === "v2" ? "v2/releases" : "releases";
    const all = await allPending(signal, kind, release.product ?? undefined);
    return all.find(({ title }) => title === release.name) ?? null;
}

export const isUsed = ({ used_by_count: rules, pins }: Listed): boolean => !!rules || !!pins;

// ---- deleting ----

// The server's reason why the release cannot be deleted, or null.
export async function whyNotDeleted(release: Listed): Promise<Failure | null> {
    return remove(release, true).then(() => null, asFailure);
}

// Deletes it, or only tries to.
export async function remove(release: Listed, dry: boolean): Promise<void> {
    const { name, data_version } = release;
    const run = dry ? rehearse : call;
    if (release.kind === "v2") {
        await run("delete", "/v2/releases/{name}", { path: { name } });
    } else {
        const query = { data_version: data_version ?? 1 };
        await run("delete", "/releases/{release}", { path: { release: name }, query });
    }
}

// ---- read-only ----

// Returns whether it was done at once; else it is scheduled.
export async function setReadOnly(release: Listed, readOnly: boolean): Promise<boolean> {
    const { name, product, data_version: version = 1 } = release;
    const needs = !readOnly && Object.keys(release.writable_signoffs ?? {}).length > 0;
    if (release.kind === "v2") {
        await call("put", "/v2/releases/{name}/read_only", {
            path: { name },
            body: { read_only: readOnly, old_data_version: version },
        });
    } else if (needs) {
        const change = { name, product: product ?? "", read_only: false, data_version: version };
        await post("/scheduled_changes/releases", { body: { ...change, change_type: "update", when: soon() } });
    } else {
        await call("put", "/releases/{release}/read_only", {
            path: { release: name },
            body: { read_only: readOnly, data_version: version },
        });
    }
    return !needs;
}

// ---- history ----

export const REVISIONS = 20;

export function readRevisions(
    { name, kind }: Listed,
    part: string,
    page: number,
    signal: AbortSignal,
): Promise<Schema["ReleaseRevisions"]> {
    const query = { page, limit: REVISIONS };
    return kind === "v2"
        ? get("/v2/releases/{name}/revisions", { path: { name }, query: { ...query, path: part || undefined }, signal })
        : get("/releases/{release}/revisions", { path: { release: name }, query, signal });
}

// What going back to a revision needs.
export function tryRestore({ kind, name }: Listed, { change_id }: Revision): Promise<Schema["DryRun"]> {
    const body = { change_id, when: soon() };
    return kind === "v2"
        ? rehearse("post", "/v2/releases/{name}/revisions", { path: { name }, body })
        : rehearse("post", "/releases/{release}/revisions", { path: { release: name }, body });
}

// Goes back at once, or schedules it.
export async function restore({ kind, name }: Listed, { change_id }: Revision, direct: boolean): Promise<void> {
    const body = direct ? { change_id } : { change_id, when: soon() };
    if (kind === "v2") {
        await post("/v2/releases/{name}/revisions", { path: { name }, body });
    } else {
        await post("/releases/{release}/revisions", { path: { release: name }, body });
    }
}
