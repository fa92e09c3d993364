// A rule as a form has it: text in every field; and back.
import { COLUMNS, type Column, type ColumnInfo, type Values } from "./columns";

export type Form = Record<Column, string>;

const LIMITS: Partial<Record<Column, number>> = {
    mapping: 100,
    fallbackMapping: 100,
    product: 15,
    version: 75,
    channel: 75,
    buildTarget: 75,
    buildID: 20,
    locale: 200,
    osVersion: 1000,
    memory: 100,
    instructionSet: 1000,
    distribution: 2000,
    distVersion: 100,
    headerArchitecture: 10,
    comment: 500,
    alias: 50,
};

export function toForm(values: Partial<Values>): Form {
    const entries = COLUMNS.map(({ column, kind }) => {
        const value = values[column];
        const text = value === null || value === undefined ? "" : String(value);
        return [column, kind === "list" ? text.split(/\s*,\s*/).join("\n") : text];
    });
    return Object.fromEntries(entries) as Form;
}

function valueOf({ kind }: ColumnInfo, text: string): unknown {
    const trimmed = text.trim();
    if (!trimmed) {
        return null;
    }
    switch (kind) {
        case "number":
            return Number(trimmed);
        case "three-state":
            return trimmed === "true";
        case "list":
            return trimmed
                .split(/[\n,]/)
                .map(item => item.trim())
                .filter(Boolean)
                .join(",");
        default:
            return trimmed;
    }
}

export function fromForm(form: Form): Values {
    return Object.fromEntries(
        COLUMNS.map(info => [info.column, valueOf(info, form[info.column])]),
    ) as unknown as Values;
}

export const NEEDED: Column[] = ["mapping", "priority", "backgroundRate", "update_type"];

// What is wrong with a field as it stands, or null. The server checks the rest.
export function wrongIn(info: ColumnInfo, form: Form, needed = NEEDED): string | null {
    const text = form[info.column].trim();
    if (!text) {
        return needed.includes(info.column) ? "This is needed" : null;
    }
    if (info.kind === "number" && !(/^\d+$/.test(text) && Number(text) <= (info.max ?? Infinity))) {
        return info.max === 100 ? "A whole number from 0 to 100" : "A whole number, 0 or more";
    }
    if (info.column === "alias" && !/^[a-zA-Z][a-zA-Z0-9-]*$/.test(text)) {
        return "A letter, then letters, digits and hyphens";
    }
    if (info.column === "channel" && /\*./.test(text)) {
        return "A * may only come last";
    }
    const limit = LIMITS[info.column];
    const length = String(valueOf(info, text) ?? "").length;
    return limit && length > limit ? `At most ${limit} characters (now ${length})` : null;
}

export function allWrong(form: Form, needed = NEEDED): Column[] {
    return COLUMNS.filter(info => wrongIn(info, form, needed)).map(info => info.column);
}
