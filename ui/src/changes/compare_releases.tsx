import type { JSX } from "preact";
import { compareLink } from "../releases/links";

const COLUMNS = { mapping: "Compare the two releases", fallbackMapping: "Compare the two fallbacks" } as const;

// Where a change leads to another release: what is different there.
export function CompareReleases({ changed }: { changed: Record<string, unknown[]> }): JSX.Element | null {
    const links = (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]).flatMap(column => {
        const [old, now] = changed[column] ?? [];
        return typeof old === "string" && typeof now === "string" && old && now && old !== now
            ? [{ column, url: compareLink(old, now) }]
            : [];
    });
    return links.length ? (
        <p class="row">
            {links.map(({ column, url }) => (
                <a key={column} href={url}>
                    {COLUMNS[column]}
                </a>
            ))}
        </p>
    ) : null;
}
