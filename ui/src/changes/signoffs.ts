// Sign-offs of a pending change: what is missing, and what I can give.
import type { Schema } from "../api/client";

export interface Signable {
    required_signoffs: Schema["RequiredSignoffs"];
    signoffs: Schema["Signoffs"];
    invalid_signoffs?: Schema["InvalidSignoffs"];
}

export interface RoleState {
    role: string;
    needed: number;
    signers: string[];
    missing: number;
}

// A sign-off that is not valid any more, or whose role is not required, does not count.
export function roleStates(change: Signable): RoleState[] {
    return Object.entries(change.required_signoffs)
        .map(([role, needed]) => {
            const signers = Object.entries(change.signoffs)
                .filter(([name, given]) => given === role && !change.invalid_signoffs?.[name])
                .map(([name]) => name);
            return { role, needed, signers, missing: Math.max(0, needed - signers.length) };
        })
        .sort((a, b) => a.role.localeCompare(b.role));
}

// The roles that the change itself needs, that I hold, and that are still open.
export function openRoles(change: Signable, name: string, held: string[]): string[] {
    if (change.signoffs[name] && !change.invalid_signoffs?.[name]) {
        return [];
    }
    return roleStates(change)
        .filter(state => state.missing && held.includes(state.role))
        .map(state => state.role);
}

// "2 of 2, all signed" or "1 of 2, waits for relman"
export function signoffSentence(change: Signable): string {
    const states = roleStates(change);
    const needed = states.reduce((sum, state) => sum + state.needed, 0);
    const missing = states.filter(state => state.missing);
    if (!needed) {
        return "needs no sign-off";
    }
    const given = needed - missing.reduce((sum, state) => sum + state.missing, 0);
    const waits = missing.map(state => (state.missing > 1 ? `${state.missing} × ${state.role}` : state.role));
    return `${given} of ${needed}, ${waits.length ? `waits for ${waits.join(" and ")}` : "all signed"}`;
}
