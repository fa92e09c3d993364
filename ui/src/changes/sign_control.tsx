// Who has signed, who is missing, and the button to sign or revoke: the same for every kind of change.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Failure } from "../api/client";
import { asFailure } from "../api/data";
import { cannotWrite, roles, user } from "../api/session";
import { Button } from "../parts/button";
import { Problem } from "../parts/problem";
import { say } from "../parts/toast";
import { revoke, signOff, type ChangeRef } from "./api";
import { openRoles, roleStates, type Signable } from "./signoffs";

export function SignoffList({
    change,
    signers,
}: {
    change: Signable;
    signers?: Record<string, string[]>;
}): JSX.Element {
    const states = roleStates(change);
    if (!states.length) {
        return <p class="soft">No sign-off is needed.</p>;
    }
    return (
        <ul class="signoffs">
            {states.map(({ role, needed, signers: given, missing }) => (
                <li key={role}>
                    <span class={`mark ${missing ? "amber" : "green"}`}>
                        <span aria-hidden="true">{missing ? "○" : "✓"}</span>
                        {role} {given.length} of {needed}
                    </span>
                    {given.length ? <span>{given.join(", ")}</span> : null}
                    {missing && signers ? (
                        <span class="soft small">
                            can sign: {signers[role]?.join(", ") || "nobody holds this role"}
                        </span>
                    ) : null}
                </li>
            ))}
            {Object.entries(change.invalid_signoffs ?? {}).map(([name, { detail }]) => (
                <li key={name}>
                    <span class="mark red">! does not count</span>
                    <span>
                        {name}: {detail}
                    </span>
                </li>
            ))}
        </ul>
    );
}

function reason(change: Signable): string {
    if (!user.value) {
        return "Log in to sign off";
    }
    const missing = roleStates(change).filter(state => state.missing);
    if (!missing.length) {
        return "All sign-offs are there";
    }
    return `You hold none of the roles that are missing: ${missing.map(state => state.role).join(", ")}`;
}

interface Props {
    change: ChangeRef;
    title: string;
    onDone: () => Promise<void> | void;
    // Why it must not be signed yet, for example because the diff has not been shown.
    unseen?: string | null;
    // Called if it was edited since it was shown.
    onOutdated?: () => void;
}

export function SignControl({ change, title, onDone, unseen, onOutdated }: Props): JSX.Element {
    const [error, setError] = useState<Failure | null>(null);
    const [busy, setBusy] = useState(false);
    const me = user.value?.username ?? "";
    const open = openRoles(change, me, roles.value);
    const signed = change.signoffs[me] !== undefined;
    const run = async (action: () => Promise<void>, done: () => void): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            await action();
            done();
        } catch (failure) {
            const seen = asFailure(failure);
            setError(seen);
            if (seen.outdated) {
                onOutdated?.();
            }
        }
        await onDone();
        setBusy(false);
    };
    const takeBack = (): Promise<void> =>
        run(
            () => revoke(change),
            () => say(`Sign-off taken back: ${title}`),
        );
    const sign = (role: string): Promise<void> =>
        run(
            () => signOff(change, role),
            () => say(`Signed off as ${role}: ${title}`, { does: "Revoke", run: () => void takeBack() }),
        );
    const refused = busy ? "In progress…" : cannotWrite();
    const dead = refused ?? unseen;
    if (!roleStates(change).length && !signed) {
        return <></>;
    }
    return (
        <div class="stack">
            <div class="row">
                {open.map(role => (
                    <Button key={role} kind="primary" dead={dead} onClick={() => void sign(role)}>
                        Sign off as {role}
                    </Button>
                ))}
                {signed ? (
                    <span data-revoke>
                        <Button dead={refused} onClick={() => void takeBack()}>
                            Revoke my sign-off
                        </Button>
                    </span>
                ) : null}
                {!open.length && !signed ? <Button dead={reason(change)}>Sign off</Button> : null}
            </div>
            {error?.outdated ? (
                <div class="note amber" role="alert">
                    This change was edited since you looked, so your signature was not given. It is shown as it is now:
                    look again.
                </div>
            ) : error ? (
                <Problem error={error} />
            ) : null}
        </div>
    );
}
