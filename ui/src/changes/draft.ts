// What was typed into a form, kept in this tab until it is saved or thrown away.
interface Draft {
    // The versions that it was made for.
    versions: string;
}

const key = (id: string): string => `balrog.draft ${id}`;

export function readDraft<T extends Draft>(id: string, versions: string): T | null {
    try {
        const draft = JSON.parse(sessionStorage.getItem(key(id)) ?? "null") as T | null;
        return draft?.versions === versions ? draft : null;
    } catch {
        return null;
    }
}

// Returns false if the browser has no room for it.
export function keepDraft<T extends Draft>(id: string, draft: T | null): boolean {
    try {
        if (draft) {
            sessionStorage.setItem(key(id), JSON.stringify(draft));
        } else {
            sessionStorage.removeItem(key(id));
        }
        return true;
    } catch {
        sessionStorage.removeItem(key(id));
        return false;
    }
}
