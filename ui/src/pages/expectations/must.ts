// What an expectation demands, as a form has it and as a sentence.
import type { Schema } from "../../api/client";

export type Expectation = Schema["Expectation"];
type Must = Schema["ExpectationMust"];

export interface Form {
    product: string;
    name: string;
    query: string;
    update: "always" | "maybe" | "never";
    mapping: string; // one per line
    min_version: string;
    below_version: string;
    no_downgrade: boolean;
    comment: string;
}

export const EMPTY: Form = {
    ...{ product: "", name: "", query: "", update: "always", mapping: "", min_version: "" },
    ...{ below_version: "", no_downgrade: false, comment: "" },
};

export function toForm({ product, name, query, must, comment }: Expectation): Form {
    return {
        ...{ product, name, query, comment: comment ?? "", update: must.update ?? "always" },
        mapping: (must.mapping ?? []).join("\n"),
        min_version: must.min_version ?? "",
        below_version: must.below_version ?? "",
        no_downgrade: must.no_downgrade ?? false,
    };
}

export function mustOf(form: Form): Must {
    if (form.update === "never") {
        return { update: "never" };
    }
    const mapping = form.mapping
        .split("\n")
        .map(line => line.trim())
        .filter(Boolean);
    return {
        update: form.update,
        ...(mapping.length ? { mapping } : {}),
        ...(form.min_version.trim() ? { min_version: form.min_version.trim() } : {}),
        ...(form.below_version.trim() ? { below_version: form.below_version.trim() } : {}),
        ...(form.no_downgrade ? { no_downgrade: true } : {}),
    };
}

export function sentenceOf(must: Must): string {
    const { update = "always", mapping, min_version: min, below_version: below } = must;
    if (update === "never") {
        return "never an update";
    }
    return [
        update === "always" ? "always an update" : "an update or none",
        mapping?.length ? `to ${mapping.join(" or ")}` : "",
        min ? `${min} or later` : "",
        below ? `below ${below}` : "",
        must.no_downgrade ? "no downgrade" : "",
    ]
        .filter(Boolean)
        .join(" · ");
}
