// One person: what they may do, which roles they hold, and what is pending for them.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get, type Failure, type Schema } from "../../api/client";
import { useData } from "../../api/data";
import { may, user, whyNot } from "../../api/session";
import { link } from "../../app/router";
import { Button } from "../../parts/button";
import { Note } from "../../parts/note";
import { Loaded } from "../../parts/states";
import { readPending, type Held, type PendingPermission } from "../../people/api";
import { PendingPermissionBlock } from "../../people/pending";
import { NAMES, sentence } from "../../people/permissions";
import { EndDialog } from "./end_dialog";
import { PermissionDialog } from "./permission_dialog";
import { Roles } from "./roles";

type Details = Pick<Schema["UserDetails"], "permissions" | "roles">;

interface Loads {
    // null: the caller may not see it.
    details: Details | null;
    held: Held[];
    known: string[];
}

const NOBODY: Details = { permissions: {}, roles: {} };

async function readDetails(name: string, signal: AbortSignal): Promise<Details | null> {
    if (name !== user.value?.username && !may("permission", "view", null)) {
        return null;
    }
    return get("/users/{username}", { path: { username: name }, signal }).catch((error: Failure) => {
        if (error.status === 404) {
            return NOBODY;
        }
        throw error;
    });
}

function heldOf(name: string, details: Details | null, pending: PendingPermission[]): Held[] {
    const own = pending.filter(change => change.username === name);
    const permissions = [
        ...new Set([...Object.keys(details?.permissions ?? {}), ...own.map(change => change.permission ?? "")]),
    ].sort();
    return permissions.map(permission => ({
        username: name,
        permission,
        granted: details?.permissions[permission] ?? null,
        pending: own.find(change => change.permission === permission) ?? null,
    }));
}

async function load(name: string, signal: AbortSignal): Promise<Loads> {
    const [details, pending, { roles }] = await Promise.all([
        readDetails(name, signal),
        readPending(signal),
        get("/roles", { signal }),
    ]);
    return { details, held: heldOf(name, details, pending), known: Object.keys(roles) };
}

interface PermissionProps {
    held: Held;
    reload: () => Promise<void>;
    onEnd: () => void;
}

function Permission({ held, reload, onEnd }: PermissionProps): JSX.Element {
    const { permission, granted, pending } = held;
    const [editing, setEditing] = useState(false);
    const ending = pending?.change_type === "delete";
    const change = whyNot("permission", granted ? "modify" : "create", null);
    return (
        <li class="permission stack">
            <div class="row">
                <div class="grow">
                    <h3>{permission}</h3>
                    {granted ? (
                        <p>{sentence(permission, granted.options)}</p>
                    ) : (
                        <p class="soft">{pending?.change_type === "insert" ? "Not granted yet" : "Not shown to you"}</p>
                    )}
                </div>
                <span class="row">
                    <Button
                        kind="small"
                        dead={change ?? (ending ? "It is about to end: cancel the end first" : null)}
                        onClick={() => setEditing(true)}>
                        {pending && !ending ? "Edit what is pending…" : "Restrict…"}
                    </Button>
                    {granted ? (
                        <Button
                            kind="danger small"
                            dead={
                                whyNot("permission", "delete", null) ?? (ending ? "Its end is pending already" : null)
                            }
                            onClick={onEnd}>
                            End…
                        </Button>
                    ) : null}
                </span>
            </div>
            {pending ? <PendingPermissionBlock change={pending} reload={reload} /> : null}
            {editing ? <PermissionDialog held={held} onClose={() => setEditing(false)} onDone={reload} /> : null}
        </li>
    );
}

// Grants a permission that is neither held nor pending: the dialog asks which.
function Grant({ name, held, reload }: { name: string; held: Held[]; reload: () => Promise<void> }): JSX.Element {
    const [open, setOpen] = useState(false);
    const free = NAMES.filter(permission => !held.some(one => one.permission === permission));
    const dead =
        whyNot("permission", "create", null) ?? (free.length ? null : "All permissions are granted or pending");
    return (
        <>
            <Button kind="primary" dead={dead} onClick={() => setOpen(true)}>
                Grant…
            </Button>
            {open ? (
                <PermissionDialog
                    held={{ username: name, permission: free[0] ?? "", granted: null, pending: null }}
                    choices={free}
                    onClose={() => setOpen(false)}
                    onDone={reload}
                />
            ) : null}
        </>
    );
}

function Shown({ name, loads, reload }: { name: string; loads: Loads; reload: () => Promise<void> }): JSX.Element {
    const { details, held, known } = loads;
    const [ending, setEnding] = useState<Held[] | null>(null);
    const anything = held.some(one => one.granted || one.pending);
    return (
        <>
            {details ? null : (
                <Note>
                    What others may do is shown to those who have the permission “permission” with the action “view”.
                    Somebody with “permission” or “admin” can grant it. You see what is pending.
                </Note>
            )}
            <div class="columns">
                <section class="panel">
                    <header>
                        <h2>Permissions</h2>
                        <Grant name={name} held={held} reload={reload} />
                    </header>
                    {held.length ? (
                        <ul>
                            {held.map(one => (
                                <Permission
                                    key={one.permission}
                                    held={one}
                                    reload={reload}
                                    onEnd={() => setEnding([one])}
                                />
                            ))}
                        </ul>
                    ) : (
                        <p class="empty">{details ? "None: they may change nothing." : "Nothing is pending."}</p>
                    )}
                </section>
                <div class="stack">
                    {details ? <Roles name={name} details={details} known={known} reload={reload} /> : null}
                    {details && anything ? (
                        <section class="panel">
                            <header>
                                <h2>Delete</h2>
                            </header>
                            <div class="body stack">
                                <p>
                                    Ends all permissions and drops what is pending. Roles go with the last permission.
                                </p>
                                <div class="row">
                                    <Button
                                        kind="danger"
                                        dead={whyNot("permission", "delete", null)}
                                        onClick={() => setEnding(held)}>
                                        Delete this person…
                                    </Button>
                                </div>
                            </div>
                        </section>
                    ) : null}
                </div>
            </div>
            {ending ? (
                <EndDialog
                    title={
                        ending.length === 1 && ending[0]
                            ? `End “${ending[0].permission}” of ${name}?`
                            : `Delete ${name}?`
                    }
                    all={ending}
                    onClose={() => setEnding(null)}
                    reload={reload}
                />
            ) : null}
        </>
    );
}

export function Page({ parts }: { parts: Record<string, string> }): JSX.Element {
    const name = parts["name"] ?? "";
    const data = useData(`person ${name}`, signal => load(name, signal));
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>{name}</h1>
                {name === user.value?.username ? <span class="soft">this is you</span> : null}
                <span class="grow" />
                <a href={link("/people")}>All people</a>
            </div>
            <Loaded data={data}>{loads => <Shown name={name} loads={loads} reload={data.reload} />}</Loaded>
        </>
    );
}
