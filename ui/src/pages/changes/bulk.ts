// Several changes signed in turn. Each has a result of its own: one that fails does not stop the others.
import { asFailure } from "../../api/data";
import { roles, user } from "../../api/session";
import { signOff, type ChangeRef } from "../../changes/api";
import { openRoles } from "../../changes/signoffs";

export interface Result {
    ok: boolean;
    text: string;
}

export interface Selected {
    key: string;
    change: ChangeRef;
    // Why it must not be signed yet.
    unseen: string | null;
}

async function signOne({ change, unseen }: Selected): Promise<Result> {
    const [role, ...others] = openRoles(change, user.value?.username ?? "", roles.value);
    if (!role) {
        return { ok: false, text: "Not signed: you hold none of the roles that are missing" };
    }
    if (others.length) {
        return { ok: false, text: "Not signed: you can sign as several roles. Choose one below" };
    }
    if (unseen) {
        return { ok: false, text: `Not signed: ${unseen.toLowerCase()}` };
    }
    try {
        await signOff(change, role);
        return { ok: true, text: `Signed off as ${role}` };
    } catch (error) {
        const failure = asFailure(error);
        return {
            ok: false,
            text: failure.outdated
                ? "Not signed: changed since you looked. It is shown as it is now"
                : `Not signed: ${failure.message}`,
        };
    }
}

export async function signInTurn(selected: Selected[], onResult: (key: string, result: Result) => void): Promise<void> {
    for (const one of selected) {
        onResult(one.key, await signOne(one));
    }
}
