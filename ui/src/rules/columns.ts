// The columns of a rule: what they are called, how they are edited, and which products can use them.
import type { Schema } from "../api/client";

export type Rule = Schema["Rule"];
export type PendingRule = Schema["ScheduledRulePending"];
export type Column = Exclude<keyof Rule, "rule_id" | "data_version">;
export type Values = Pick<Rule, Column>;

type Kind = "text" | "list" | "number" | "three-state" | "choice" | "release" | "lines";

export interface ColumnInfo {
    column: Column;
    label: string;
    group: "who" | "what" | "how" | "note";
    kind: Kind;
    help?: string;
    max?: number;
    rare?: boolean; // shown in the form only when it is set, or on demand
}

export const COLUMNS: ColumnInfo[] = [
    { column: "product", label: "Product", group: "who", kind: "text" },
    { column: "channel", label: "Channel", group: "who", kind: "text", help: "A trailing * fits all that begin so." },
    {
        column: "version",
        label: "Version",
        group: "who",
        kind: "text",
        help: "130.0, <115.0, >=72.0, 130.*, or a list",
    },
    {
        column: "osVersion",
        label: "OS version",
        group: "who",
        kind: "list",
        help: "One per line; a part of the name is enough.",
    },
    { column: "locale", label: "Locale", group: "who", kind: "list", help: "One per line" },
    { column: "buildTarget", label: "Build target", group: "who", kind: "list", help: "One per line" },
    {
        column: "buildID",
        label: "Build ID",
        group: "who",
        kind: "text",
        help: "20240704121409, <20240704121409",
        rare: true,
    },
    { column: "memory", label: "Memory (MB)", group: "who", kind: "text", help: "<=2048", rare: true },
    { column: "instructionSet", label: "Instruction set", group: "who", kind: "list", rare: true },
    { column: "distribution", label: "Distribution", group: "who", kind: "list", rare: true },
    { column: "distVersion", label: "Distribution version", group: "who", kind: "list", rare: true },
    {
        column: "headerArchitecture",
        label: "Architecture",
        group: "who",
        kind: "text",
        help: "PPC or Intel",
        rare: true,
    },
    { column: "jaws", label: "JAWS", group: "who", kind: "three-state", rare: true },
    { column: "mig64", label: "64-bit migration", group: "who", kind: "three-state", rare: true },
    { column: "mapping", label: "Update to", group: "what", kind: "release" },
    {
        column: "fallbackMapping",
        label: "Else",
        group: "what",
        kind: "release",
        help: "For clients that the rate leaves out",
    },
    { column: "update_type", label: "Type", group: "what", kind: "choice" },
    { column: "backgroundRate", label: "Rate (%)", group: "how", kind: "number", max: 100 },
    { column: "priority", label: "Priority", group: "how", kind: "number", max: 2147483647 },
    { column: "alias", label: "Alias", group: "note", kind: "text" },
    { column: "comment", label: "Comment", group: "note", kind: "lines" },
];

// Products whose clients ask with /json queries, which do not have these columns.
const JSON_PRODUCTS = ["FirefoxVPN", "Guardian"];
const NOT_IN_JSON: Column[] = [
    "buildID",
    "distribution",
    "distVersion",
    "headerArchitecture",
    "instructionSet",
    "jaws",
    "locale",
    "memory",
    "mig64",
];

export function usable(column: Column, product: string | null): boolean {
    return !product || !JSON_PRODUCTS.includes(product) || !NOT_IN_JSON.includes(column);
}

export function labelOf(column: string): string {
    return COLUMNS.find(info => info.column === column)?.label ?? column;
}

export function valuesOf(row: Partial<Values>): Values {
    return Object.fromEntries(COLUMNS.map(({ column }) => [column, row[column] ?? null])) as unknown as Values;
}

export type Changes = Record<string, unknown[]>;

// Empty text and nothing are the same.
const norm = (value: unknown): unknown => (value === "" || value === undefined ? null : value);

// The columns that differ, with what was and what will be.
export function difference(old: Partial<Values>, now: Partial<Values>): Changes {
    const changed: Changes = {};
    for (const { column } of COLUMNS) {
        const a = norm(old[column]);
        const b = norm(now[column]);
        if (a !== b) {
            changed[column] = [a, b];
        }
    }
    return changed;
}
