import { get } from "../api/client";
import { useData } from "../api/data";

async function column(
    path: "/rules/columns/{column}" | "/releases/columns/{column}",
    signal: AbortSignal,
): Promise<string[]> {
    const answer = await get(path, { path: { column: "product" }, signal });
    const values = (answer as Record<string, unknown>)["product"];
    return Array.isArray(values) ? values.filter(value => typeof value === "string") : [];
}

// The products of rules and v1 releases.
export function useProducts(): string[] {
    const data = useData(
        "products",
        async signal => {
            const both = await Promise.all([
                column("/rules/columns/{column}", signal),
                column("/releases/columns/{column}", signal),
            ]);
            return [...new Set(both.flat())].sort();
        },
        { refreshMs: 0 },
    );
    return data.value ?? [];
}
