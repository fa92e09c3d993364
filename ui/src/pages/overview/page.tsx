// What waits for me, what happens next, and what has happened.
import type { JSX } from "preact";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { link } from "../../app/router";
import { plural } from "../../format/number";
import { Empty, Loaded } from "../../parts/states";
import { Relative } from "../../parts/time";
import type { PendingChange } from "../../changes/api";
import { signoffSentence } from "../../changes/signoffs";
import { changeLink, headline, scopeOf } from "../../changes/words";
import { listRules } from "../../rules/list";
import type { Rule } from "../../rules/columns";

const SHOWN = 6;

function Change({ change }: { change: PendingChange }): JSX.Element {
    return (
        <li class="line">
            <span class="grow">
                <a href={changeLink(change.kind, change.id)}>{headline(change)}</a>{" "}
                <span class="soft">{scopeOf(change)}</span>
                <br />
                <span class="soft small">{signoffSentence(change)}</span>
            </span>
            <span class="soft small nowrap">{change.when ? <Relative at={change.when} /> : "with uptake"}</span>
        </li>
    );
}

function Changes({ title, mine, none }: { title: string; mine: boolean; none: string }): JSX.Element {
    const data = useData(`pending ${mine}`, signal =>
        get("/pending", { query: { limit: SHOWN, mine: mine ? "1" : "0" }, signal }),
    );
    return (
        <section class="panel">
            <header>
                <h2>{title}</h2>
                {data.value ? <span class="soft">{mine ? data.value.mine : data.value.count}</span> : null}
            </header>
            <Loaded data={data}>
                {({ pending }) =>
                    pending.length ? (
                        <ul>
                            {pending.map(change => (
                                <Change key={`${change.kind} ${change.id}`} change={change} />
                            ))}
                        </ul>
                    ) : (
                        <Empty>{none}</Empty>
                    )
                }
            </Loaded>
        </section>
    );
}

// Products with their channels: what the highest rule for everybody gives there.
function Channels(): JSX.Element {
    const data = useData("channels", signal => get("/rules", { signal }));
    return (
        <section class="panel">
            <header>
                <h2>Channels</h2>
            </header>
            <Loaded data={data}>{({ rules }) => <ChannelList rules={rules as Rule[]} />}</Loaded>
        </section>
    );
}

function ChannelList({ rules }: { rules: Rule[] }): JSX.Element {
    const pairs = [
        ...new Set(rules.filter(rule => rule.product).map(rule => `${rule.product}\t${rule.channel ?? ""}`)),
    ].sort();
    if (!pairs.length) {
        return <Empty>There is no rule yet.</Empty>;
    }
    return (
        <ul>
            {pairs.map(pair => {
                const [product = "", channel = ""] = pair.split("\t");
                const scope = channel.replace(/\*$/, "");
                const all = listRules(rules, [], { product, channel: scope, words: "", onlyPending: false });
                return (
                    <li class="line" key={pair}>
                        <a class="grow" href={link("/rules", { product, channel: scope })}>
                            {product} {channel || "every channel"}
                        </a>
                        <span class="soft small">{plural(all.length, "rule")}</span>
                    </li>
                );
            })}
        </ul>
    );
}

export function Page(): JSX.Element {
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Overview</h1>
            </div>
            <div class="columns">
                <div class="stack">
                    <Changes title="Waits for me" mine none="No change waits for your sign-off." />
                    <Changes title="Happens next" mine={false} none="Nothing is scheduled." />
                </div>
                <Channels />
            </div>
        </>
    );
}
