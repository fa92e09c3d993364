// Which rules a view shows, and in which order.
import { COLUMNS, difference, type Changes, type PendingRule, type Rule, type Values } from "./columns";

// A rule with its pending change, or a pending insertion without a rule.
export interface Item {
    rule: Rule | null;
    pending: PendingRule | null;
    // Under a filter, of a rule that a pending change moves to another product or channel.
    moves: "leaves" | "arrives" | null;
}

export interface Filter {
    product: string;
    channel: string;
    words: string;
    onlyPending: boolean;
}

type Scope = Pick<Values, "product" | "channel">;

// Whether a rule can be for clients of the product and channel: a column that is not set fits all, a glob what begins so.
export function inScope(row: Scope, product: string, channel: string): boolean {
    const channelFits =
        !channel ||
        !row.channel ||
        row.channel === channel ||
        (row.channel.endsWith("*") && channel.startsWith(row.channel.slice(0, -1)));
    return (!product || !row.product || row.product === product) && channelFits;
}

export const shownRow = (item: Item): Rule | PendingRule => (item.rule ?? item.pending) as Rule | PendingRule;

// What the change makes of the columns; nothing for a deletion.
export function changesOf(item: Item): Changes {
    if (!item.pending || item.pending.change_type === "delete") {
        return {};
    }
    return difference(item.rule ?? {}, item.pending);
}

function hasWords(item: Item, words: string): boolean {
    const text = [item.rule, item.pending]
        .flatMap(row => (row ? [row.rule_id, ...COLUMNS.map(({ column }) => row[column])] : []))
        .filter(value => value !== null)
        .join("\n")
        .toLowerCase();
    return words
        .toLowerCase()
        .split(/\s+/)
        .every(word => text.includes(word));
}

function place(item: Item, { product, channel }: Filter): Item | null {
    const now = !!item.rule && inScope(item.rule, product, channel);
    const change = item.pending && item.pending.change_type !== "delete" ? item.pending : null;
    const then = change ? inScope(change, product, channel) : now;
    if (!now && !then) {
        return null;
    }
    return { ...item, moves: !item.rule || now === then ? null : now ? "leaves" : "arrives" };
}

// Highest priority first, then by number, as they are served. Insertions come where they will be.
const compare = (a: Item, b: Item): number =>
    (shownRow(b).priority ?? 0) - (shownRow(a).priority ?? 0) ||
    (shownRow(a).rule_id ?? Infinity) - (shownRow(b).rule_id ?? Infinity);

export function listRules(rules: Rule[], pending: PendingRule[], filter: Filter): Item[] {
    const changes = new Map(
        pending.filter(p => p.rule_id !== null && p.change_type !== "insert").map(p => [p.rule_id, p]),
    );
    const items: Item[] = rules.map(rule => ({ rule, pending: changes.get(rule.rule_id) ?? null, moves: null }));
    for (const change of pending) {
        if (change.change_type === "insert") {
            items.push({ rule: null, pending: change, moves: null });
        }
    }
    return items
        .map(item => place(item, filter))
        .filter(item => item !== null)
        .filter(item => (!filter.onlyPending || item.pending) && (!filter.words || hasWords(item, filter.words)))
        .sort(compare);
}

// A rule's place in the order once its pending change is made.
export interface FuturePlace {
    of: Item;
    priority: number;
}

export type Line = Item | FuturePlace;

export const isFuture = (line: Line): line is FuturePlace => "of" in line;

// The rules, with an outline where those will stand whose priority changes.
export function withFuturePlaces(items: Item[]): Line[] {
    const lines: Line[] = [...items];
    for (const item of items) {
        const priority = item.rule ? changesOf(item)["priority"]?.[1] : undefined;
        if (typeof priority === "number") {
            const rank = { ...item, rule: { ...(item.rule as Rule), priority } };
            const after = lines.findIndex(line => !isFuture(line) && line !== item && compare(rank, line) < 0);
            lines.splice(after < 0 ? lines.length : after, 0, { of: item, priority });
        }
    }
    return lines;
}

// The products, and the channels of each, that some rule or change names; globs without their star.
export function scopes(rows: Scope[]): Map<string, string[]> {
    const found = new Map<string, Set<string>>();
    for (const row of rows) {
        if (row.product) {
            const channels = found.get(row.product) ?? new Set();
            if (row.channel) {
                channels.add(row.channel.replace(/\*$/, ""));
            }
            found.set(row.product, channels);
        }
    }
    return new Map(
        [...found].sort(([a], [b]) => a.localeCompare(b)).map(([product, channels]) => [product, [...channels].sort()]),
    );
}
