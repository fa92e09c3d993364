// All rules in the order in which they are served, with what is pending; or as they were at a moment.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { go, link, segment, setQuery } from "../../app/router";
import { plural } from "../../format/number";
import { utc } from "../../format/time";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Empty, Loaded } from "../../parts/states";
import { difference, labelOf, type PendingRule, type Rule } from "../../rules/columns";
import { rulesBetween } from "../../rules/between";
import { explainLink } from "../../rules/explain";
import { isFuture, listRules, scopes, withFuturePlaces, type Item } from "../../rules/list";
import { Filters } from "./filters";
import { FutureRow, itemKey, RuleRow } from "./row";
import { chooseDensity, currentView, DENSITIES, densityFor, type View } from "./view";

interface Loads {
    rules: Rule[];
    pending: PendingRule[];
    // With a moment: the rules of now, to say what has changed since.
    now: Rule[] | null;
}

async function load(timestamp: number | null, signal: AbortSignal): Promise<Loads> {
    const [shown, second] = await Promise.all([
        get("/rules", { query: { timestamp: timestamp ?? undefined }, signal }),
        timestamp
            ? get("/rules", { signal }).then(answer => answer.rules as Rule[])
            : get("/scheduled_changes/rules", { signal }).then(answer => answer.scheduled_changes),
    ]);
    const rules = shown.rules as Rule[];
    return timestamp
        ? { rules, pending: [], now: second as Rule[] }
        : { rules, pending: second as PendingRule[], now: null };
}

function Since({ old, now }: { old: Rule; now: Rule[] }): JSX.Element | null {
    const present = now.find(rule => rule.rule_id === old.rule_id);
    if (!present) {
        return <Mark tone="red">deleted since</Mark>;
    }
    const changed = Object.keys(difference(old, present));
    return changed.length ? <Mark tone="amber">since changed: {changed.map(labelOf).join(", ")}</Mark> : null;
}

// How many rules have changed since the moment that is shown.
function Changed({ loads, view }: { loads: Loads; view: View }): JSX.Element | null {
    const { timestamp: from, product, channel } = view;
    if (!loads.now || !from) {
        return null;
    }
    const n = rulesBetween(loads.rules, loads.now, product, channel).length;
    return (
        <p class="note">
            {n
                ? `Since then ${plural(n, "rule")} ${n === 1 ? "has" : "have"} changed. `
                : "No rule has changed since. "}
            {n ? (
                <a href={link("/history", { object: "rules", from, product, channel, between: true })}>
                    What is different
                </a>
            ) : null}
        </p>
    );
}

function why(view: View, total: number): ComponentChildren {
    if (!total) {
        return view.timestamp ? "There was no rule at this moment." : "There is no rule yet.";
    }
    const limits = [
        view.product ? `${view.product} ${view.channel}`.trim() : "",
        view.words ? `the words “${view.words}”` : "",
        view.onlyPending ? "“only pending”" : "",
    ].filter(Boolean);
    return (
        <>
            <p>
                None of the {plural(total, "rule")} fits {limits.join(" and ")}.
            </p>
            <p>
                <a href={link("/rules")}>Show all rules</a>
            </p>
        </>
    );
}

// The number of the row that the keyboard is on, and which rows are open.
function useRows(
    items: Item[],
    view: View,
): {
    at: number;
    move: (step: number) => void;
    open: Set<string>;
    toggle: (item: Item) => void;
} {
    const [cursor, setCursor] = useState<string | null>(null);
    const [open, setOpen] = useState<Set<string>>(new Set());
    const wanted = view.ruleId !== null ? `rule-${view.ruleId}` : null;
    const target = items.find(item =>
        view.scId !== null ? item.pending?.sc_id === view.scId : itemKey(item) === wanted,
    );
    const targetKey = target ? itemKey(target) : null;
    useEffect(() => {
        if (targetKey) {
            setCursor(targetKey);
            setOpen(old => new Set(old).add(targetKey));
            setTimeout(() => document.getElementById(targetKey)?.scrollIntoView({ block: "center" }));
        }
    }, [targetKey]);
    const at = items.findIndex(item => itemKey(item) === cursor);
    return {
        at,
        open,
        move: step => {
            const next = items[Math.max(0, Math.min(items.length - 1, at + step))];
            setCursor(next ? itemKey(next) : null);
        },
        toggle: item => {
            const key = itemKey(item);
            setCursor(key);
            setOpen(old => {
                const now = new Set(old);
                if (!now.delete(key)) {
                    now.add(key);
                }
                return now;
            });
        },
    };
}

function Table({ loads, view, reload }: { loads: Loads; view: View; reload: () => Promise<void> }): JSX.Element {
    const items = useMemo(
        () => listRules(loads.rules, loads.pending, view),
        [loads, view.product, view.channel, view.words, view.onlyPending],
    );
    const lines = useMemo(() => withFuturePlaces(items), [items]);
    const density = densityFor(items.length);
    const rows = useRows(items, view);
    const past = view.timestamp !== null;
    const current = items[rows.at];
    useKeys([
        { key: "j", does: "Next rule", run: () => rows.move(1) },
        { key: "k", does: "Previous rule", run: () => rows.move(-1) },
        { key: "Enter", does: "Open or close the rule", run: () => current && rows.toggle(current) },
        { key: "e", does: "Edit the rule", run: () => current && !past && go(editLink(current)) },
        {
            key: "h",
            does: "History of the rule",
            run: () => current?.rule && go(link(`/rules/${segment(current.rule.rule_id)}`)),
        },
        {
            key: "x",
            does: "Explain a query that the rule fits",
            run: () => current && !past && go(explainLink(current)),
        },
        { key: "n", does: "New rule", run: () => !past && go(newLink(view)) },
        { key: "/", does: "Filter", run: () => document.getElementById("rules-words")?.focus() },
        {
            key: "d",
            does: "Change the density",
            run: () => chooseDensity(DENSITIES[(DENSITIES.indexOf(density) + 1) % DENSITIES.length] ?? "normal"),
        },
    ]);
    if (!items.length) {
        return <Empty>{why(view, loads.rules.length)}</Empty>;
    }
    return (
        <div class="table-box">
            <table class={`cards rules ${density}`} aria-label="Rules">
                <thead>
                    <tr>
                        <th scope="col" class="number">
                            Priority
                        </th>
                        <th scope="col">Product and channel</th>
                        <th scope="col">Update to</th>
                        <th scope="col">Rate</th>
                        <th scope="col">For whom</th>
                        <th scope="col">{past ? "Since then" : "Pending"}</th>
                        <th scope="col">Rule</th>
                    </tr>
                </thead>
                {lines.map(line =>
                    isFuture(line) ? (
                        <FutureRow key={`future-${itemKey(line.of)}`} place={line} />
                    ) : (
                        <RuleRow
                            key={itemKey(line)}
                            item={line}
                            density={density}
                            cursor={line === current}
                            open={density === "full" || rows.open.has(itemKey(line))}
                            past={past}
                            now={loads.now}
                            since={loads.now && line.rule ? <Since old={line.rule} now={loads.now} /> : null}
                            onToggle={() => rows.toggle(line)}
                            reload={reload}
                        />
                    ),
                )}
            </table>
        </div>
    );
}

function editLink(item: Item): string {
    return item.rule
        ? link(`/rules/${segment(item.rule.rule_id)}/edit`)
        : link("/rules/new", { scId: item.pending?.sc_id });
}

const newLink = (view: View): string => link("/rules/new", { product: view.product, channel: view.channel });

export function Page(): JSX.Element {
    const view = currentView();
    const data = useData(`rules ${view.timestamp}`, signal => load(view.timestamp, signal), {
        refreshMs: view.timestamp ? 0 : 10_000,
        keep: false,
    });
    const loads = data.value;
    const shown = loads ? listRules(loads.rules, loads.pending, view).length : 0;
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>
                    Rules
                    {view.timestamp ? <span class="soft"> at {utc(view.timestamp)} UTC</span> : null}
                </h1>
                {loads ? (
                    <span class="soft" role="status">
                        {shown < loads.rules.length
                            ? `${shown} of ${loads.rules.length}`
                            : plural(loads.rules.length, "rule")}
                    </span>
                ) : null}
                <span class="grow" />
                {view.timestamp ? (
                    <Button onClick={() => setQuery({ timestamp: null })}>Back to now</Button>
                ) : (
                    <Button
                        kind="primary"
                        href={newLink(view)}
                        dead={whyNot("rule", "create", view.product || undefined)}>
                        New rule
                    </Button>
                )}
            </div>
            <Filters view={view} scopes={scopes([...(loads?.rules ?? []), ...(loads?.pending ?? [])])} count={shown} />
            <Loaded data={data}>
                {value => (
                    <>
                        <Changed loads={value} view={view} />
                        <Table loads={value} view={view} reload={data.reload} />
                    </>
                )}
            </Loaded>
        </>
    );
}
