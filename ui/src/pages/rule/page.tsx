// One rule: what it is, what is pending, what it was, and what the pending change would do to clients.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { go, link, segment } from "../../app/router";
import { Effect } from "../../changes/effect";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Loaded } from "../../parts/states";
import { nameOf } from "../../rules/between";
import type { PendingRule, Rule } from "../../rules/columns";
import { explainLink } from "../../rules/explain";
import type { Item } from "../../rules/list";
import { phrase } from "../../rules/phrase";
import { DeleteRule } from "../rules/delete_rule";
import { Columns, PendingBlock } from "../rules/details";
import { Revisions } from "./revisions";

interface Loads {
    rule: Rule;
    pending: PendingRule | null;
}

async function load(id: string, signal: AbortSignal): Promise<Loads> {
    const rule: Rule = await get("/rules/{id_or_alias}", { path: { id_or_alias: id }, signal });
    const changes = await get("/scheduled_changes/rules", { query: { rule_id: rule.rule_id }, signal });
    return { rule, pending: changes.scheduled_changes.find(change => !change.complete) ?? null };
}

// The parts of a release that open a page after the update, in blobs of all versions.
const OPENS = ["actions", "openURL", "updateLine"];

// Whether some clients see a what's-new page after the update to the release.
async function opensPage(name: string, signal: AbortSignal): Promise<boolean> {
    const { members = [] } = await get("/release_part", { query: { name, depth: 1 }, signal });
    const parts = members.filter(member => OPENS.includes(String(member.name)));
    const texts = await Promise.all(
        parts.map(async ({ name: part, value }) =>
            value === undefined
                ? get("/release_part", { query: { name, pointer: `/${part}`, depth: 4 }, signal })
                : { [part]: value },
        ),
    );
    return /showURL|openURL/.test(JSON.stringify(texts));
}

function WhatsNew({ mapping }: { mapping: string | null }): JSX.Element | null {
    const data = useData(mapping ? `opens ${mapping}` : null, signal => opensPage(mapping ?? "", signal), {
        refreshMs: 0,
        keep: false,
    });
    return data.value ? (
        <Mark tone="accent" title={`${mapping} opens a page after the update, at least for some clients`}>
            what's-new page
        </Mark>
    ) : null;
}

function Actions({ rule, pending, reload }: Loads & { reload: () => Promise<void> }): JSX.Element {
    const [deleting, setDeleting] = useState(false);
    const id = segment(rule.rule_id);
    const scope = { product: rule.product, channel: rule.channel?.replace(/\*$/, "") };
    return (
        <div class="row">
            <Button kind="primary" href={link(`/rules/${id}/edit`)} dead={whyNot("rule", "modify", rule.product)}>
                Edit
            </Button>
            <Button href={link("/rules/new", { from: rule.rule_id })} dead={whyNot("rule", "create", rule.product)}>
                Duplicate
            </Button>
            <Button href={link("/rules", scope, `ruleId=${rule.rule_id}`)}>In the list</Button>
            {pending?.change_type === "delete" ? null : (
                <Button kind="danger" dead={whyNot("rule", "delete", rule.product)} onClick={() => setDeleting(true)}>
                    Delete…
                </Button>
            )}
            {deleting ? (
                <DeleteRule
                    rule={rule}
                    pending={pending}
                    onClose={() => setDeleting(false)}
                    reload={async () => {
                        await reload();
                        go(link("/rules", scope));
                    }}
                />
            ) : null}
        </div>
    );
}

function Shown({ rule, pending, reload }: Loads & { reload: () => Promise<void> }): JSX.Element {
    const item: Item = { rule, pending, moves: null };
    return (
        <div class="columns">
            <div class="stack">
                {pending ? (
                    <section class="panel" aria-label="Pending">
                        <div class="body">
                            <PendingBlock item={item} pending={pending} reload={reload} />
                        </div>
                    </section>
                ) : null}
                <section class="panel">
                    <header>
                        <h2>Now</h2>
                        <WhatsNew mapping={rule.mapping} />
                    </header>
                    <div class="body stack">
                        <p>
                            {phrase(rule) || "Everybody"}
                            <span class="soft">
                                {" "}
                                of {rule.product ?? "every product"}, {rule.channel ?? "every channel"}
                            </span>
                        </p>
                        <Columns row={rule} />
                    </div>
                </section>
            </div>
            <div class="stack">
                {pending ? (
                    <Effect
                        changes={[`rules:${pending.sc_id}`]}
                        product={pending.product ?? rule.product}
                        channel={pending.channel === rule.channel ? rule.channel : null}
                        scheduled={`rules:${pending.sc_id}`}
                    />
                ) : null}
                <Revisions rule={rule} pending={pending} reload={reload} />
            </div>
        </div>
    );
}

export function Page({ parts }: { parts: Record<string, string> }): JSX.Element {
    const id = parts["id"] ?? "";
    const data = useData(`rule ${id}`, signal => load(id, signal), { keep: false });
    const rule = data.value?.rule;
    useKeys([
        { key: "e", does: "Edit the rule", run: () => rule && go(link(`/rules/${rule.rule_id}/edit`)) },
        {
            key: "x",
            does: "Explain a query that the rule fits",
            run: () =>
                data.value && go(explainLink({ rule: data.value.rule, pending: data.value.pending, moves: null })),
        },
        {
            key: "h",
            does: "History of the rule",
            run: () => go(link("/history", { object: `rules:${rule?.rule_id}` })),
        },
        {
            key: "s",
            does: "Sign off the pending change",
            run: () => document.querySelector<HTMLElement>("main [aria-label=Pending] .button.primary")?.click(),
        },
    ]);
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>
                    {rule ? nameOf(rule) : `Rule ${id}`}{" "}
                    {rule ? (
                        <span class="soft">
                            {[rule.alias ? rule.rule_id : "", rule.product, rule.channel].join(" ")}
                        </span>
                    ) : null}
                </h1>
                <span class="grow" />
                {data.value ? <Actions {...data.value} reload={data.reload} /> : null}
            </div>
            {data.error?.status === 404 ? (
                <p>
                    There is no such rule now.{" "}
                    <a href={link("/history", { object: /^\d+$/.test(id) ? `rules:${id}` : "rules" })}>Its history</a>
                </p>
            ) : null}
            <Loaded data={data}>{value => <Shown {...value} reload={data.reload} />}</Loaded>
        </>
    );
}
