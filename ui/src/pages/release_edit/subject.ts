// What is edited: a release with or without a pending change, or a new one. New releases are v2.
import { call, get, rehearse, type Schema } from "../../api/client";
import { findPending, findRelease, type Kind } from "../../releases/api";
import type { PendingChange } from "../../changes/api";
import type { Json } from "../../releases/merge";

export interface Subject {
    name: string;
    product: string;
    kind: Kind | null; // null: a new one
    readOnly: boolean;
    version: number; // v1: of the document
    versions: Schema["DataVersions"]; // v2: of each part
    present: Json | undefined; // undefined: there is none yet
    pending: PendingChange | null;
    start: Json; // what the form begins with
    state: string; // changes whenever the release or what is scheduled for it does
}

export function newSubject(name: string, product: string): Subject {
    const start: Json = { name, schema_version: 9, hashFunction: "sha512", platforms: {} };
    return {
        ...{ name, product, kind: null, readOnly: false, version: 0, versions: {} },
        ...{ present: undefined, pending: null, start, state: "new" },
    };
}

type Known = Pick<Subject, "name" | "product" | "kind" | "readOnly" | "pending">;

async function readV2(known: Known, signal?: AbortSignal): Promise<Subject> {
    const { blob, data_versions, sc_blob, sc_data_versions } = await get("/v2/releases/{name}", {
        path: { name: known.name },
        signal,
    });
    const present = blob as Json;
    return {
        ...known,
        version: 0,
        versions: data_versions,
        present,
        start: Object.keys(sc_blob).length ? (sc_blob as Json) : present,
        state: JSON.stringify([data_versions, sc_data_versions]),
    };
}

async function readV1(known: Known, signal?: AbortSignal): Promise<Subject> {
    const { name, pending } = known;
    let version = 0;
    const blob = await get("/releases/{release}", {
        path: { release: name },
        signal,
        onDataVersion: found => (version = found),
    });
    const present = blob as Json;
    let start = present;
    if (pending) {
        const { scheduled_changes } = await get("/scheduled_changes/releases", { query: { name }, signal });
        const change = scheduled_changes.find(({ sc_id }) => sc_id === pending.id);
        start = (change?.data as Json | undefined) ?? present;
    }
    const state = JSON.stringify([version, pending?.id, pending?.sc_data_version]);
    return { ...known, version, versions: {}, present, start, state };
}

export async function readSubject(name: string, signal?: AbortSignal): Promise<Subject> {
    const release = await findRelease(name, signal);
    if (!release) {
        return newSubject(name, "");
    }
    const known: Known = {
        name,
        product: release.product ?? "",
        kind: release.kind,
        readOnly: release.read_only ?? false,
        pending: await findPending(release, signal),
    };
    return release.kind === "v2" ? readV2(known, signal) : readV1(known, signal);
}

// ---- writing; `when` is null for at once ----

function bodyV2(subject: Subject, blob: Json, when: number | null): Schema["Blob"] {
    const { product, kind, versions, pending } = subject;
    return {
        blob,
        product,
        ...(kind ? { old_data_versions: versions } : {}),
        ...(when === null ? {} : { when }),
        ...(pending ? { replace_scheduled: true } : {}),
    };
}

type Run = typeof call | typeof rehearse;

async function send(run: Run, subject: Subject, blob: Json, when: number | null): Promise<unknown> {
    const { name, product, kind, version, pending } = subject;
    const data = JSON.stringify(blob);
    if (kind !== "v1") {
        return run("put", "/v2/releases/{name}", { path: { name }, body: bodyV2(subject, blob, when) as never });
    }
    if (when === null) {
        const body = { name, product, blob: data, data_version: version };
        return run("put", "/releases/{release}", { path: { release: name }, body });
    }
    if (pending) {
        const body = { sc_data_version: pending.sc_data_version ?? 0, data, when, data_version: version };
        return run("post", "/scheduled_changes/releases/{sc_id}", { path: { sc_id: Number(pending.id) }, body });
    }
    const change = { change_type: "update" as const, name, product, data, data_version: version, when };
    return run("post", "/scheduled_changes/releases", { body: change });
}

export async function save(subject: Subject, blob: Json, when: number | null): Promise<void> {
    await send(call, subject, blob, when);
}

export async function tryOut(subject: Subject, blob: Json, when: number | null): Promise<Schema["DryRun"]> {
    return (await send(rehearse, subject, blob, when)) as Schema["DryRun"];
}
