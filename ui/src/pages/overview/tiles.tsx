// A tile for each product and channel: what most clients get there, what is pending, and how it goes.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { stops } from "../../api/shared";
import { link } from "../../app/router";
import type { PendingChange } from "../../changes/api";
import { count, percent, plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Rate } from "../../parts/rate";
import { Sparkline } from "../../parts/sparkline";
import { Empty, Loaded } from "../../parts/states";
import { ReleaseName } from "../../releases/release_name";
import type { Rule } from "../../rules/columns";
import { inScope, scopes } from "../../rules/list";
import { rulesOf } from "../../rules/pairs";
import { phrase } from "../../rules/phrase";
import type { Trend } from "./trend";
import { useTrends } from "./uptake";

const SHOWN = 12;

interface Tile {
    product: string;
    channel: string;
    rules: Rule[];
    // What clients get that no special rule is for.
    main: Rule | null;
    pending: number;
    stopped: boolean;
}

// Stops first, then what is pending, then where there are most rules.
function tilesOf(rules: Rule[], pending: PendingChange[]): Tile[] {
    const tiles = [...scopes(rules)].flatMap(([product, channels]) =>
        (channels.length ? channels : [""]).map(channel => {
            const own = rulesOf(rules, { product, channel }).filter(rule => rule.product === product);
            const touches = (change: PendingChange): boolean =>
                [
                    { product: change.product, channel: change.channel },
                    { product: change.old_product, channel: change.old_channel },
                ].some(scope => scope.product === product && inScope(scope, product, channel));
            return {
                product,
                channel,
                rules: own,
                main: own.find(rule => !phrase(rule)) ?? own[0] ?? null,
                pending: pending.filter(touches).length,
                stopped: stops.value.some(stop => stop.product === product && stop.channel === channel),
            };
        }),
    );
    return tiles.sort(
        (a, b) =>
            Number(b.stopped) - Number(a.stopped) ||
            b.pending - a.pending ||
            b.rules.length - a.rules.length ||
            a.product.localeCompare(b.product),
    );
}

function TrendLine({ trend }: { trend: Trend }): JSX.Element {
    const now = trend.shares[trend.shares.length - 1] ?? 0;
    return (
        <div class="row trend">
            <Sparkline values={trend.shares} />
            <span class="small">
                {trend.version ? `${percent(now, 1)} have ${trend.version}` : "no version"}
                <span class="soft"> · {count(trend.perMinute)} queries a minute</span>
            </span>
        </div>
    );
}

function TileOf({ tile, trend }: { tile: Tile; trend: Trend | undefined }): JSX.Element {
    const { product, channel, main } = tile;
    return (
        <li class={`panel tile ${tile.stopped ? "stopped" : ""}`}>
            <div class="row">
                <a class="grow" href={link("/rules", { product, channel })}>
                    <strong>{product}</strong> {channel || "every channel"}
                </a>
                {tile.stopped ? <Mark tone="red">■ stopped</Mark> : null}
                {tile.pending ? (
                    <a href={link("/rules", { product, channel, onlyScheduledChanges: true })}>
                        <Mark tone="amber">{tile.pending} pending</Mark>
                    </a>
                ) : null}
            </div>
            <div class="row">
                <span class="grow">
                    {main?.mapping ? <ReleaseName name={main.mapping} /> : <span class="soft">no update</span>}
                </span>
                {main ? <Rate rate={main.backgroundRate} /> : null}
            </div>
            {trend ? <TrendLine trend={trend} /> : null}
            <span class="soft small">{plural(tile.rules.length, "rule")}</span>
        </li>
    );
}

function Grid({ rules, pending }: { rules: Rule[]; pending: PendingChange[] }): JSX.Element {
    const [all, setAll] = useState(false);
    const tiles = useMemo(() => tilesOf(rules, pending), [rules, pending, stops.value]);
    const shown = all ? tiles : tiles.slice(0, SHOWN);
    const trends = useTrends(
        tiles
            .slice(0, SHOWN)
            .filter(tile => tile.channel)
            .map(({ product, channel }) => ({ product, channel })),
    );
    if (!tiles.length) {
        return <Empty>There is no rule yet.</Empty>;
    }
    return (
        <>
            <ul class="tiles">
                {shown.map(tile => (
                    <TileOf
                        key={`${tile.product} ${tile.channel}`}
                        tile={tile}
                        trend={trends.get(`${tile.product} ${tile.channel}`)}
                    />
                ))}
            </ul>
            {tiles.length > shown.length ? (
                <div class="row">
                    <Button onClick={() => setAll(true)}>Show all {tiles.length}</Button>
                </div>
            ) : null}
        </>
    );
}

export function Tiles({ pending }: { pending: PendingChange[] }): JSX.Element {
    const data = useData("channels", signal => get("/rules", { signal }), { refreshMs: 30_000 });
    return (
        <section class="stack" aria-label="Channels">
            <div class="row">
                <h2 class="grow">Channels</h2>
                <a href={link("/channels")}>Compare two channels</a>
            </div>
            <Loaded data={data}>{({ rules }) => <Grid rules={rules as Rule[]} pending={pending} />}</Loaded>
        </section>
    );
}
