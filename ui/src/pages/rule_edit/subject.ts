// What is edited: a rule with or without a pending change, a pending insertion, or a new rule.
import { get, rehearse, post, type Body, type Schema } from "../../api/client";
import { place } from "../../app/router";
import { whenColumns, type When } from "../../changes/when";
import { valuesOf, type Column, type PendingRule, type Rule, type Values } from "../../rules/columns";
import { NEEDED } from "../../rules/form";

export interface Subject {
    rule: Rule | null;
    pending: PendingRule | null;
    start: Values; // what the form begins with
    copied: string | null; // of a duplicate: from what
}

const NEW: Partial<Values> = { priority: 90, backgroundRate: 100, update_type: "minor" };

async function readRule(id: string, signal?: AbortSignal): Promise<Rule> {
    return get("/rules/{id_or_alias}", { path: { id_or_alias: id }, signal });
}

async function readPending(id: number, signal?: AbortSignal): Promise<PendingRule> {
    return (await get("/scheduled_changes/rules/{sc_id}", { path: { sc_id: id }, signal })).scheduled_change;
}

async function readExisting(id: string, signal?: AbortSignal): Promise<Subject> {
    const rule = await readRule(id, signal);
    const changes = await get("/scheduled_changes/rules", { query: { rule_id: rule.rule_id }, signal });
    const pending = changes.scheduled_changes.find(change => !change.complete) ?? null;
    const edited = pending && pending.change_type !== "delete" ? pending : rule;
    return { rule, pending, start: valuesOf(edited), copied: null };
}

// An alias is of one rule only, so a duplicate has none.
function copyOf(row: Partial<Values>, name: string): Subject {
    return { rule: null, pending: null, start: { ...valuesOf(row), alias: null }, copied: name };
}

export async function readSubject(id: string | undefined, signal?: AbortSignal): Promise<Subject> {
    const { query } = place.value;
    if (id !== undefined) {
        return readExisting(id, signal);
    }
    const from = query.get("from");
    const fromScId = query.get("fromScId");
    const scId = query.get("scId");
    if (from) {
        const rule = await readRule(from, signal);
        return copyOf(rule, rule.alias ?? `rule ${rule.rule_id}`);
    }
    if (fromScId) {
        return copyOf(await readPending(Number(fromScId), signal), `pending change ${fromScId}`);
    }
    if (scId) {
        const pending = await readPending(Number(scId), signal);
        return { rule: null, pending, start: valuesOf(pending), copied: null };
    }
    const scope = { product: query.get("product"), channel: query.get("channel") };
    return { rule: null, pending: null, start: valuesOf({ ...NEW, ...scope }), copied: null };
}

// The server refuses to empty a mapping, but a rule may have none: then the mapping stays empty unless one is typed.
export function neededIn({ rule, start }: Subject): Column[] {
    return rule && !start.mapping ? NEEDED.filter(column => column !== "mapping") : NEEDED;
}

// The values as the server takes them: null empties a column, and a mapping that is not there is left out.
function sent({ mapping, ...values }: Values): Omit<Values, "mapping"> & {
    mapping?: string;
    update_type: "major" | "minor";
} {
    return {
        ...values,
        ...(mapping ? { mapping } : {}),
        update_type: values.update_type === "major" ? "major" : "minor",
    };
}

type Row = Omit<Body<"/scheduled_changes/rules", "post">, "when">;

function row(subject: Subject, values: Values): Row {
    const change = subject.rule
        ? { change_type: "update" as const, rule_id: subject.rule.rule_id, data_version: subject.rule.data_version }
        : { change_type: "insert" as const };
    return { ...sent(values), ...change };
}

export async function schedule(subject: Subject, values: Values, when: When): Promise<number> {
    const body = { ...row(subject, values), ...whenColumns(when) };
    if (subject.pending) {
        const { sc_id, sc_data_version } = subject.pending;
        await post("/scheduled_changes/rules/{sc_id}", { path: { sc_id }, body: { ...body, sc_data_version } });
        return sc_id;
    }
    return ((await post("/scheduled_changes/rules", { body })) as Schema["Scheduled"]).sc_id;
}

// What scheduling would need and do; refused as the real thing would be.
export function tryOut(subject: Subject, values: Values, when: When, signal?: AbortSignal): Promise<Schema["DryRun"]> {
    const body = { ...row(subject, values), ...whenColumns(when) };
    if (subject.pending) {
        const { sc_id, sc_data_version } = subject.pending;
        const path = { sc_id };
        return rehearse("post", "/scheduled_changes/rules/{sc_id}", {
            path,
            body: { ...body, sc_data_version },
            signal,
        });
    }
    return rehearse("post", "/scheduled_changes/rules", { body, signal });
}

// Makes the change at once. Returns the number of the rule.
export async function applyNow(subject: Subject, values: Values): Promise<number> {
    if (subject.rule) {
        const { rule_id, data_version } = subject.rule;
        const path = { id_or_alias: String(rule_id) };
        await post("/rules/{id_or_alias}", { path, body: { ...sent(values), data_version } });
        return rule_id;
    }
    return Number(await post("/rules", { body: sent(values) }));
}
