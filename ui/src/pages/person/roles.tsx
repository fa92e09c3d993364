// The roles that somebody signs off with. They are granted and revoked at once; where permissions need sign-offs, a second
// person has to confirm a grant before it counts.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { call, post, type Failure, type Schema } from "../../api/client";
import { asFailure } from "../../api/data";
import { user, whyNot } from "../../api/session";
import { refreshShared } from "../../api/shared";
import { link } from "../../app/router";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Field } from "../../parts/field";
import { Mark } from "../../parts/mark";
import { Problem } from "../../parts/problem";
import { Moment } from "../../parts/time";
import { say } from "../../parts/toast";

type Details = Pick<Schema["UserDetails"], "permissions" | "roles">;
type Role = Details["roles"][string];

// Why the caller cannot confirm a grant.
function whyNotConfirm(name: string, { pending }: Role): string | null {
    const me = user.value?.username;
    if (pending?.granted_by === me) {
        return "You have granted it: somebody else has to confirm it";
    }
    return name === me ? "Somebody else has to confirm it" : whyNot("permission", "create", null);
}

interface RowProps {
    name: string;
    role: string;
    held: Role;
    run: (action: () => Promise<void>, text: string) => Promise<void>;
    reload: () => Promise<void>;
}

function Row({ name, role, held, run, reload }: RowProps): JSX.Element {
    const [revoking, setRevoking] = useState(false);
    const path = { username: name, role };
    return (
        <li class="line">
            <span class="grow">
                <a href={link("/roles", { role })}>{role}</a>{" "}
                {held.pending ? (
                    <>
                        <Mark tone="amber">does not count yet</Mark>
                        <br />
                        <span class="soft small">
                            granted by {held.pending.granted_by} <Moment at={held.pending.granted_at} />
                        </span>
                    </>
                ) : null}
            </span>
            {held.pending ? (
                <Button
                    kind="small"
                    dead={whyNotConfirm(name, held)}
                    onClick={() =>
                        void run(
                            async () => void (await post("/users/{username}/roles/{role}/confirm", { path })),
                            `${name} can sign off as ${role}`,
                        )
                    }>
                    Confirm
                </Button>
            ) : null}
            <Button kind="danger small" dead={whyNot("permission", "delete", null)} onClick={() => setRevoking(true)}>
                Revoke…
            </Button>
            {revoking ? (
                <Confirm
                    title={`Revoke the role ${role} of ${name}?`}
                    does="Revoke"
                    danger
                    onClose={() => setRevoking(false)}
                    run={async () => {
                        await call("delete", "/users/{username}/roles/{role}", {
                            path,
                            query: { data_version: held.data_version },
                        });
                        say(`${name} is not ${role} any more`);
                        void refreshShared();
                        await reload();
                    }}>
                    <p>At once. Sign-offs that were given with it do not count any more.</p>
                </Confirm>
            ) : null}
        </li>
    );
}

interface Props {
    name: string;
    details: Details;
    known: string[];
    reload: () => Promise<void>;
}

export function Roles({ name, details, known, reload }: Props): JSX.Element {
    const [role, setRole] = useState("");
    const [error, setError] = useState<Failure | null>(null);
    const held = Object.entries(details.roles);
    const run = async (action: () => Promise<void>, text: string): Promise<void> => {
        setError(null);
        try {
            await action();
            say(text);
            setRole("");
            void refreshShared();
        } catch (failure) {
            setError(asFailure(failure));
        }
        await reload();
    };
    const wanted = role.trim();
    const dead =
        whyNot("permission", "create", null) ??
        (Object.keys(details.permissions).length ? null : "Grant a permission first: roles need one") ??
        (wanted ? null : "Enter a role");
    const grant = (): Promise<void> =>
        run(
            async () =>
                void (await call("put", "/users/{username}/roles/{role}", { path: { username: name, role: wanted } })),
            `Granted: ${wanted} to ${name}`,
        );
    return (
        <section class="panel">
            <header>
                <h2>Roles</h2>
            </header>
            {held.length ? (
                <ul>
                    {held.map(([one, value]) => (
                        <Row key={one} name={name} role={one} held={value} run={run} reload={reload} />
                    ))}
                </ul>
            ) : null}
            <form
                class="body stack"
                onSubmit={event => {
                    event.preventDefault();
                    if (!dead) {
                        void grant();
                    }
                }}>
                {held.length ? null : <p class="soft">None: they cannot sign off.</p>}
                <div class="ask-one">
                    <Field
                        label="Role to grant"
                        value={role}
                        onInput={setRole}
                        suggestions={known.filter(one => !details.roles[one])}
                    />
                    <Button submit dead={dead}>
                        Grant the role
                    </Button>
                </div>
                <p class="soft small">
                    At once. Where permissions need sign-offs, a second person has to confirm it before it counts.
                </p>
                {error ? <Problem error={error} /> : null}
            </form>
        </section>
    );
}
