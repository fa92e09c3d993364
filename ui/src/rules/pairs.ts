// The rules of two channels beside each other.
import { COLUMNS, difference, type Changes, type Column, type Rule } from "./columns";
import { inScope } from "./list";

export interface Scope {
    product: string;
    channel: string;
}

export interface Pair {
    left: Rule | null;
    right: Rule | null;
    // The columns that differ, apart from those that differ between any two rules.
    changed: Changes;
}

// What differs between any two rules, or is the reason why there are two.
const OWN: Column[] = ["product", "channel", "alias", "comment"];

// Rules are for the same clients if these columns are equal.
const WHO = COLUMNS.filter(info => info.group === "who" && !OWN.includes(info.column)).map(info => info.column);

const whoOf = (rule: Rule): string => JSON.stringify(WHO.map(column => rule[column] ?? null));

const served = (a: Rule, b: Rule): number => (b.priority ?? 0) - (a.priority ?? 0) || a.rule_id - b.rule_id;

export function rulesOf(rules: Rule[], { product, channel }: Scope): Rule[] {
    return rules.filter(rule => inScope(rule, product, channel)).sort(served);
}

function changesBetween(left: Rule | null, right: Rule | null): Changes {
    const changed = difference(left ?? {}, right ?? {});
    for (const column of OWN) {
        delete changed[column];
    }
    return changed;
}

// A rule that is for both channels is its own partner; any other one is beside the first rule of the other channel that is for
// the same clients.
export function pairRules(left: Rule[], right: Rule[]): Pair[] {
    const rest = [...right];
    const take = (found: number): Rule | null => (found < 0 ? null : (rest.splice(found, 1)[0] ?? null));
    const both = new Set(left.map(rule => rule.rule_id).filter(id => right.some(rule => rule.rule_id === id)));
    const pairs = left.map(rule => {
        const partner = both.has(rule.rule_id)
            ? take(rest.findIndex(other => other.rule_id === rule.rule_id))
            : take(rest.findIndex(other => !both.has(other.rule_id) && whoOf(other) === whoOf(rule)));
        return { left: rule, right: partner, changed: changesBetween(rule, partner) };
    });
    const alone = rest.map(rule => ({ left: null, right: rule, changed: changesBetween(null, rule) }));
    const first = (pair: Pair): Rule => (pair.left ?? pair.right) as Rule;
    return [...pairs, ...alone].sort((a, b) => served(first(a), first(b)));
}
