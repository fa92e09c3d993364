// Values to choose from while somebody types: from the server, never whole lists.
import { get } from "./client";
import { useData } from "./data";

const SUGGESTED = 20;

// The products or channels that rules name.
export function useColumnValues(column: "product" | "channel"): string[] {
    const data = useData(
        `column ${column}`,
        async signal => {
            const answer = await get("/rules/columns/{column}", { path: { column }, signal });
            const values = (answer as Record<string, unknown>)[column];
            return Array.isArray(values) ? values.filter(value => typeof value === "string") : [];
        },
        { refreshMs: 0 },
    );
    return data.value ?? [];
}

// Names of releases that have the words.
export function useReleaseNames(words: string): string[] {
    const data = useData(
        `names ${words}`,
        signal => get("/release_index", { query: { q: words, fields: "name", limit: SUGGESTED }, signal }),
        { refreshMs: 0 },
    );
    return data.value?.releases.map(release => release.name) ?? [];
}
