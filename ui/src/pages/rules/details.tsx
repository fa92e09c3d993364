// Everything about a rule: all columns that are set, the pending change, and the actions.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { whyNot } from "../../api/session";
import { link, segment } from "../../app/router";
import { CompareReleases } from "../../changes/compare_releases";
import { conditionOf } from "../../changes/condition";
import { DropDialog } from "../../changes/drop_dialog";
import { SignControl, SignoffList } from "../../changes/sign_control";
import { signoffSentence } from "../../changes/signoffs";
import { changeLink } from "../../changes/words";
import { Button } from "../../parts/button";
import { Diff } from "../../parts/diff";
import { Mark } from "../../parts/mark";
import { Moment } from "../../parts/time";
import { ReleaseName } from "../../releases/release_name";
import { COLUMNS, difference, labelOf, type PendingRule, type Rule } from "../../rules/columns";
import { explainLink } from "../../rules/explain";
import { changesOf, shownRow, type Item } from "../../rules/list";
import { DeleteRule } from "./delete_rule";

interface Props {
    item: Item;
    past: boolean;
    now: Rule[] | null; // with a moment: the rules of now
    reload: () => Promise<void>;
}

export function ruleTitle(item: Item): string {
    const row = shownRow(item);
    return row.alias ?? (item.rule ? `rule ${item.rule.rule_id}` : "new rule");
}

export function Columns({ row }: { row: Rule | PendingRule }): JSX.Element {
    return (
        <dl class="pairs">
            {COLUMNS.filter(({ column }) => row[column] !== null && row[column] !== "").flatMap(({ column, label }) => [
                <dt key={`${column} name`}>{label}</dt>,
                <dd key={column}>
                    {column === "mapping" || column === "fallbackMapping" ? (
                        <ReleaseName name={String(row[column])} />
                    ) : (
                        String(row[column]).split(",").join(", ")
                    )}
                </dd>,
            ])}
            <dt>Version</dt>
            <dd>{row.data_version ?? "not made yet"}</dd>
        </dl>
    );
}

export function PendingBlock({
    item,
    pending,
    reload,
}: {
    item: Item;
    pending: PendingRule;
    reload: () => Promise<void>;
}): JSX.Element {
    const [dropping, setDropping] = useState(false);
    const change = { ...pending, kind: "rules" as const, id: pending.sc_id };
    const title = ruleTitle(item);
    return (
        <section class="stack" aria-label="Pending change">
            <div class="row">
                <h2 class="minor">
                    <a href={changeLink("rules", pending.sc_id)}>Pending change {pending.sc_id}</a>
                </h2>
                {pending.change_type === "delete" ? <Mark tone="red">deletes this rule</Mark> : null}
                <span class="soft">
                    {pending.when ? (
                        <Moment at={pending.when} />
                    ) : (
                        conditionOf({
                            product: pending.telemetry_product,
                            channel: pending.telemetry_channel,
                            uptake: pending.telemetry_uptake ?? 0,
                        })
                    )}
                </span>
                <span class="soft small">by {pending.scheduled_by}</span>
            </div>
            {pending.change_type === "update" ? (
                <>
                    <Diff changed={changesOf(item)} labelOf={labelOf} />
                    <CompareReleases changed={changesOf(item)} />
                </>
            ) : null}
            <p class="small soft">{signoffSentence(pending)}</p>
            <SignoffList change={pending} />
            <div class="row">
                <SignControl change={change} title={title} onDone={reload} />
                <Button
                    kind="danger"
                    dead={whyNot("rule", pending.change_type === "delete" ? "delete" : "modify", pending.product)}
                    onClick={() => setDropping(true)}>
                    Drop the change…
                </Button>
            </div>
            {dropping ? (
                <DropDialog
                    change={change}
                    title={`Pending change of ${title}`}
                    onClose={() => setDropping(false)}
                    onDropped={reload}
                />
            ) : null}
        </section>
    );
}

function Since({ old, now }: { old: Rule; now: Rule[] }): JSX.Element {
    const present = now.find(rule => rule.rule_id === old.rule_id);
    return (
        <section class="stack" aria-label="Since then">
            <h2 class="minor">Since then</h2>
            {present ? <Diff changed={difference(old, present)} labelOf={labelOf} /> : <p>It was deleted.</p>}
            <p>
                <a href={link(`/rules/${segment(old.rule_id)}`)}>The rule now</a>
            </p>
        </section>
    );
}

export function Details({ item, past, now, reload }: Props): JSX.Element {
    const [deleting, setDeleting] = useState(false);
    const row = shownRow(item);
    const id = item.rule?.rule_id;
    const from = item.rule ? { from: id } : { fromScId: item.pending?.sc_id };
    return (
        <div class="rule-details">
            <Columns row={row} />
            <div class="stack">
                {item.pending && !past ? <PendingBlock item={item} pending={item.pending} reload={reload} /> : null}
                {now && item.rule ? <Since old={item.rule} now={now} /> : null}
                {past ? null : (
                    <div class="row">
                        <Button
                            href={
                                item.rule
                                    ? link(`/rules/${segment(item.rule.rule_id)}/edit`)
                                    : link("/rules/new", { scId: item.pending?.sc_id })
                            }
                            dead={whyNot("rule", item.rule ? "modify" : "create", row.product)}>
                            Edit
                        </Button>
                        <Button href={link("/rules/new", from)} dead={whyNot("rule", "create", row.product)}>
                            Duplicate
                        </Button>
                        <Button href={explainLink(item)} title="Key: x">
                            Explain
                        </Button>
                        <Button
                            href={id ? link(`/rules/${id}`) : changeLink("rules", item.pending?.sc_id ?? 0)}
                            kind="quiet">
                            {id ? "Its page and history" : "Its page"}
                        </Button>
                        {item.rule && item.pending?.change_type !== "delete" ? (
                            <Button
                                kind="danger"
                                dead={whyNot("rule", "delete", row.product)}
                                onClick={() => setDeleting(true)}>
                                Delete…
                            </Button>
                        ) : null}
                    </div>
                )}
            </div>
            {deleting && item.rule ? (
                <DeleteRule
                    rule={item.rule}
                    pending={item.pending}
                    onClose={() => setDeleting(false)}
                    reload={reload}
                />
            ) : null}
        </div>
    );
}
