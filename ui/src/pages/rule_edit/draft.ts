// What was typed, kept in this tab until it is saved or thrown away.
import type { When } from "../../changes/when";
import type { Form } from "../../rules/form";

export interface Draft {
    form: Form;
    when: When;
    // The versions that the draft was made for.
    versions: string;
}

const key = (id: string): string => `balrog.draft ${id}`;

export function readDraft(id: string, versions: string): Draft | null {
    try {
        const draft = JSON.parse(sessionStorage.getItem(key(id)) ?? "null") as Draft | null;
        return draft?.versions === versions ? draft : null;
    } catch {
        return null;
    }
}

export function keepDraft(id: string, draft: Draft | null): void {
    if (draft) {
        sessionStorage.setItem(key(id), JSON.stringify(draft));
    } else {
        sessionStorage.removeItem(key(id));
    }
}
