// The rules of two moments, with what is different: the sum of all that has happened between them.
import type { JSX } from "preact";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { link } from "../../app/router";
import { plural } from "../../format/number";
import { utc } from "../../format/time";
import { Diff } from "../../parts/diff";
import { Mark } from "../../parts/mark";
import { Loaded } from "../../parts/states";
import { nameOf, rulesBetween, type Between } from "../../rules/between";
import { labelOf, type Rule } from "../../rules/columns";

interface Props {
    from: number;
    to: number | null; // null: now
    product: string;
    channel: string;
}

async function rulesAt(timestamp: number | null, signal: AbortSignal): Promise<Rule[]> {
    return (await get("/rules", { query: { timestamp: timestamp ?? undefined }, signal })).rules as Rule[];
}

function One({ between }: { between: Between }): JSX.Element {
    const { id, old, now, changed } = between;
    const shown = now ?? old;
    return (
        <li class="between">
            <div class="row">
                <h3>{now ? <a href={link(`/rules/${id}`)}>{nameOf(now)}</a> : shown ? nameOf(shown) : null}</h3>
                <span class="soft">{[shown?.product, shown?.channel].filter(Boolean).join(" ")}</span>
                {old ? null : <Mark tone="green">+ new</Mark>}
                {now ? null : <Mark tone="red">− deleted</Mark>}
            </div>
            <Diff changed={changed} labelOf={labelOf} only={!old ? "new" : !now ? "old" : undefined} />
        </li>
    );
}

export function RulesBetween({ from, to, product, channel }: Props): JSX.Element {
    const data = useData(
        `rules ${from} ${to}`,
        async signal => {
            const [old, now] = await Promise.all([rulesAt(from, signal), rulesAt(to, signal)]);
            return { old, now };
        },
        { refreshMs: 0 },
    );
    return (
        <section class="panel">
            <header>
                <h2>
                    Rules: {utc(from)} UTC and {to ? `${utc(to)} UTC` : "now"}
                </h2>
                <a href={link("/rules", { timestamp: from, product, channel })}>Rules of then</a>
            </header>
            <div class="body stack">
                <Loaded data={data}>
                    {({ old, now }) => {
                        const list = rulesBetween(old, now, product, channel);
                        return (
                            <>
                                <p role="status">
                                    {list.length
                                        ? `${plural(list.length, "rule")} ${list.length === 1 ? "is" : "are"} different.`
                                        : "No rule is different."}
                                </p>
                                <ul class="stack">
                                    {list.map(between => (
                                        <One key={between.id} between={between} />
                                    ))}
                                </ul>
                            </>
                        );
                    }}
                </Loaded>
            </div>
        </section>
    );
}
