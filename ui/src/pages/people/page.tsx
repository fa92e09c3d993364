// Everybody with a permission, a role or something pending, and what they may do.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get, type Schema } from "../../api/client";
import { useData } from "../../api/data";
import { may, whyNot } from "../../api/session";
import { go, link, place, segment, setQuery } from "../../app/router";
import { plural } from "../../format/number";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Field } from "../../parts/field";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Empty, Loaded } from "../../parts/states";
import { readPending, type PendingPermission } from "../../people/api";
import { PendingPermissionBlock } from "../../people/pending";
import { sentence } from "../../people/permissions";

interface Person {
    name: string;
    may: string[];
    roles: { role: string; counts: boolean }[];
    pending: number;
    words: string;
}

interface Loads {
    // null: the caller may not see what others may do.
    users: Record<string, Schema["User"]> | null;
    roles: Record<string, string[]>;
    pending: PendingPermission[];
}

async function load(signal: AbortSignal): Promise<Loads> {
    const [users, { roles }, pending] = await Promise.all([
        may("permission", "view", null) ? get("/users", { signal }) : null,
        get("/roles", { signal }),
        readPending(signal),
    ]);
    return { users: users as Loads["users"], roles: roles as Loads["roles"], pending };
}

function person(name: string, { users, roles, pending }: Loads): Person {
    const user = users?.[name];
    const held = user
        ? user.roles.map(role => ({ role: role.role, counts: !role.pending }))
        : Object.keys(roles)
              .filter(role => roles[role]?.includes(name))
              .map(role => ({ role, counts: true }));
    const sentences = Object.entries(user?.permissions ?? {}).map(([permission, { options }]) =>
        sentence(permission, options),
    );
    const words = [name, ...Object.keys(user?.permissions ?? {}), ...sentences, ...held.map(({ role }) => role)];
    return {
        name,
        may: sentences,
        roles: held,
        pending: pending.filter(change => change.username === name).length,
        words: words.join("\n").toLowerCase(),
    };
}

// Also people who have no permission yet, but a pending one.
function people(loads: Loads): Person[] {
    const names = [
        ...Object.keys(loads.users ?? {}),
        ...Object.values(loads.roles).flat(),
        ...loads.pending.map(change => change.username ?? ""),
    ];
    return [...new Set(names)].sort((a, b) => a.localeCompare(b)).map(name => person(name, loads));
}

function Row({
    person: { name, may: allowed, roles, pending },
    known,
}: {
    person: Person;
    known: boolean;
}): JSX.Element {
    return (
        <tr>
            <td>
                <a href={link(`/people/${segment(name)}`)}>{name}</a>
            </td>
            <td>
                {allowed.length ? (
                    <ul>
                        {allowed.map(text => (
                            <li key={text}>{text}</li>
                        ))}
                    </ul>
                ) : (
                    <span class="soft">{known ? "Nothing yet" : "Not shown to you"}</span>
                )}
            </td>
            <td>
                <span class="row">
                    {roles.map(({ role, counts }) => (
                        <a key={role} href={link("/roles", { role })}>
                            <Mark tone={counts ? "accent" : "amber"}>
                                {role}
                                {counts ? "" : " (not confirmed)"}
                            </Mark>
                        </a>
                    ))}
                </span>
            </td>
            <td>{pending ? <Mark tone="amber">{pending} pending</Mark> : null}</td>
        </tr>
    );
}

function Add({ onClose }: { onClose: () => void }): JSX.Element {
    const [name, setName] = useState("");
    return (
        <Dialog
            title="Add somebody"
            onClose={onClose}
            onSubmit={() => {
                onClose();
                go(link(`/people/${segment(name.trim())}`));
            }}>
            <Field
                label="Name"
                value={name}
                onInput={setName}
                autofocus
                help="As the login names them: an e-mail address, or the name of an account for a program"
            />
            <div class="actions">
                <Button onClick={onClose}>Cancel</Button>
                <Button submit kind="primary" dead={name.trim() ? null : "Enter a name"}>
                    Next: what they may do
                </Button>
            </div>
        </Dialog>
    );
}

function Shown({ loads, words, reload }: { loads: Loads; words: string; reload: () => Promise<void> }): JSX.Element {
    const all = people(loads);
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = all.filter(({ words: text }) => wanted.every(word => text.includes(word)));
    return (
        <div class="stack">
            {loads.users ? null : (
                <Note>
                    What others may do is shown to those who have the permission “permission” with the action “view”.
                    Somebody with “permission” or “admin” can grant it. You see who holds a role, and what is pending.
                </Note>
            )}
            {loads.pending.length ? (
                <section class="panel">
                    <header>
                        <h2>Pending</h2>
                        <span class="soft">{loads.pending.length}</span>
                    </header>
                    <div class="body stack">
                        {loads.pending.map(change => (
                            <PendingPermissionBlock key={change.sc_id} change={change} withName reload={reload} />
                        ))}
                    </div>
                </section>
            ) : null}
            {shown.length ? (
                <div class="table-box">
                    <table class="cards people" aria-label="People">
                        <thead>
                            <tr>
                                <th scope="col">Name</th>
                                <th scope="col">What they may do</th>
                                <th scope="col">Roles</th>
                                <th scope="col">Pending</th>
                            </tr>
                        </thead>
                        <tbody>
                            {shown.map(one => (
                                <Row key={one.name} person={one} known={!!loads.users} />
                            ))}
                        </tbody>
                    </table>
                </div>
            ) : (
                <Empty>
                    None of {plural(all.length, "name")} fits “{words}”. <a href={link("/people")}>Show all</a>
                </Empty>
            )}
        </div>
    );
}

export function Page(): JSX.Element {
    const words = place.value.query.get("q") ?? "";
    const [adding, setAdding] = useState(false);
    const data = useData("people", load);
    const dead = whyNot("permission", "create", null);
    useKeys([
        { key: "/", does: "Filter", run: () => document.getElementById("people-words")?.focus() },
        { key: "n", does: "Add somebody", run: () => !dead && setAdding(true) },
    ]);
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>People</h1>
                <span class="grow" />
                <Field
                    label="Words"
                    hideLabel
                    type="search"
                    placeholder="Name, permission, product, role"
                    value={words}
                    inputId="people-words"
                    onInput={text => setQuery({ q: text.trimStart() })}
                />
                <Button kind="primary" dead={dead} onClick={() => setAdding(true)}>
                    Add somebody…
                </Button>
            </div>
            <Loaded data={data}>{loads => <Shown loads={loads} words={words} reload={data.reload} />}</Loaded>
            {adding ? <Add onClose={() => setAdding(false)} /> : null}
        </>
    );
}
