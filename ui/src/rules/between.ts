// What is different between the rules of two moments.
import { difference, type Changes, type Rule } from "./columns";
import { inScope } from "./list";

export interface Between {
    id: number;
    old: Rule | null; // null: it is new
    now: Rule | null; // null: it was deleted
    changed: Changes;
}

export function rulesBetween(old: Rule[], now: Rule[], product = "", channel = ""): Between[] {
    const before = new Map(old.map(rule => [rule.rule_id, rule]));
    const after = new Map(now.map(rule => [rule.rule_id, rule]));
    return [...new Set([...before.keys(), ...after.keys()])]
        .sort((a, b) => a - b)
        .map(id => {
            const was = before.get(id) ?? null;
            const is = after.get(id) ?? null;
            return { id, old: was, now: is, changed: difference(was ?? {}, is ?? {}) };
        })
        .filter(({ old: was, now: is, changed }) => {
            const scoped = [was, is].some(rule => rule && inScope(rule, product, channel));
            return scoped && (!was || !is || Object.keys(changed).length > 0);
        });
}

export const nameOf = (rule: Pick<Rule, "rule_id" | "alias">): string => rule.alias ?? `rule ${rule.rule_id}`;
