// Which versions clients of a channel have, over the last 24 hours, and the changes that wait for an uptake.
import type { JSX } from "preact";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { link, place, setQuery } from "../../app/router";
import { allPending, type PendingChange } from "../../changes/api";
import { conditionOf, UptakeSoFar } from "../../changes/condition";
import { signoffSentence } from "../../changes/signoffs";
import { changeLink, headline, stateTone, stateWord } from "../../changes/words";
import { count, plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Progress } from "../../parts/progress";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import { Relative } from "../../parts/time";
import type { Rule } from "../../rules/columns";
import { scopes } from "../../rules/list";
import type { UptakeSeries } from "../../uptake/series";
import { Chart, Numbers } from "./chart";

const STEP_S = 900;
const REFRESH_MS = 30_000;

function Watched({ data }: { data: UptakeSeries }): JSX.Element {
    const { watched } = data;
    return watched ? (
        <div class="stack tight">
            <p>
                <strong>{watched.version} or newer</strong>: {count(watched.queries)} queries
            </p>
            <Progress now={watched.percent} whole={100} text={`${watched.percent.toFixed(1)} %`} />
        </div>
    ) : (
        <p class="soft">
            No version is watched here, or too few queries came. Watched versions are set in the configuration of
            balrog-uptake.
        </p>
    );
}

function Series({ data, share }: { data: UptakeSeries; share: boolean }): JSX.Element {
    const { series, hosts } = data;
    const last = series[series.length - 1];
    const whole = series.reduce((sum, point) => sum + point.queries, 0);
    if (!last) {
        return <Empty>No client has asked in the last {data.hours} hours.</Empty>;
    }
    return (
        <div class="stack">
            {hosts.answered < hosts.asked ? (
                <Note tone="amber">
                    Only {hosts.answered} of {plural(hosts.asked, "host")} answered: queries are missing.
                </Note>
            ) : null}
            <p class="soft small">
                {count(whole)} queries in {data.hours} hours, the newest <Relative at={last.at} />
            </p>
            <Chart data={data} share={share} />
            <Numbers data={data} />
        </div>
    );
}

function Condition({ change }: { change: PendingChange }): JSX.Element {
    const wanted = change.telemetry;
    const now = wanted?.uptake_now ?? null;
    return (
        <li class="permission stack">
            <div class="row">
                <a class="grow" href={changeLink(change.kind, change.id)}>
                    {headline(change)}
                </a>
                <Mark tone={stateTone(change)}>{stateWord(change)}</Mark>
            </div>
            <p>
                {wanted ? conditionOf(wanted) : ""}
                {change.state === "signoffs" ? `; ${signoffSentence(change)}` : ""}
            </p>
            {now === null ? (
                <p class="soft small">
                    The agent does not know the uptake now: it has no source for it, or the source did not answer.
                </p>
            ) : (
                <UptakeSoFar telemetry={wanted} />
            )}
        </li>
    );
}

function Conditions({ product, channel }: { product: string; channel: string }): JSX.Element {
    const data = useData("conditions", async signal =>
        (await allPending(signal, "rules")).filter(change => change.telemetry),
    );
    const here = ({ telemetry }: PendingChange): boolean =>
        telemetry?.product === product && telemetry.channel === channel;
    return (
        <section class="panel">
            <header>
                <h2>Waits for an uptake</h2>
                {data.value ? <span class="soft">{data.value.length}</span> : null}
            </header>
            <Loaded data={data}>
                {changes =>
                    changes.length ? (
                        <ul>
                            {[...changes]
                                .sort((a, b) => Number(here(b)) - Number(here(a)))
                                .map(change => (
                                    <Condition key={change.id} change={change} />
                                ))}
                        </ul>
                    ) : (
                        <Empty>No change waits for an uptake.</Empty>
                    )
                }
            </Loaded>
        </section>
    );
}

function Shown({ product, channel, share }: { product: string; channel: string; share: boolean }): JSX.Element {
    const data = useData(
        product && channel ? `uptake ${product} ${channel}` : null,
        signal => get("/uptake", { query: { product, channel, step_s: STEP_S }, signal }),
        { refreshMs: REFRESH_MS, keep: false },
    );
    const missing = data.error?.status === 503 && /uptake_url/.test(data.error.detail);
    const uncounted = data.error?.status === 404;
    return (
        <>
            <section class="panel">
                <header>
                    <h2>
                        {product} {channel}
                    </h2>
                    <div class="segments" role="group" aria-label="Scale">
                        <Button kind="small quiet" pressed={share} onClick={() => setQuery({ as: null })}>
                            Share
                        </Button>
                        <Button kind="small quiet" pressed={!share} onClick={() => setQuery({ as: "queries" })}>
                            Queries
                        </Button>
                    </div>
                </header>
                <div class="body">
                    {missing || uncounted ? (
                        <p class="empty">
                            {missing
                                ? "Clients' queries are not counted for this site. docs/uptake.md says how to set up balrog-uptake, and uptake_url in [admin] of balrog.conf where it is."
                                : `${product} ${channel} is not counted by name: list it in uptake.conf of balrog-uptake.`}
                        </p>
                    ) : (
                        <Loaded data={data}>{value => <Series data={value} share={share} />}</Loaded>
                    )}
                </div>
            </section>
            {data.value ? (
                <section class="panel">
                    <header>
                        <h2>Watched version</h2>
                    </header>
                    <div class="body">
                        <Watched data={data.value} />
                    </div>
                </section>
            ) : null}
        </>
    );
}

export function Page(): JSX.Element {
    const { query } = place.value;
    const rules = useData("scopes", async signal => scopes((await get("/rules", { signal })).rules as Rule[]), {
        refreshMs: 0,
    });
    const products = [...(rules.value?.keys() ?? [])];
    const product = query.get("product") ?? products[0] ?? "";
    const channels = rules.value?.get(product) ?? [];
    const channel = query.get("channel") ?? (channels.includes("release") ? "release" : (channels[0] ?? ""));
    const withChosen = (all: string[], chosen: string): { value: string; text: string }[] =>
        [...new Set(chosen ? [...all, chosen] : all)].map(value => ({ value, text: value }));
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Uptake</h1>
                <span class="grow" />
                <Select
                    label="Product"
                    hideLabel
                    value={product}
                    options={withChosen(products, product)}
                    onChange={value => setQuery({ product: value, channel: null })}
                />
                <Select
                    label="Channel"
                    hideLabel
                    value={channel}
                    options={withChosen(channels, channel)}
                    onChange={value => setQuery({ product, channel: value })}
                />
            </div>
            <div class="columns uptake">
                <div class="stack">
                    {rules.value && !product ? (
                        <Empty>
                            There is no rule yet. <a href={link("/rules")}>Rules</a>
                        </Empty>
                    ) : (
                        <Shown product={product} channel={channel} share={query.get("as") !== "queries"} />
                    )}
                </div>
                <Conditions product={product} channel={channel} />
            </div>
        </>
    );
}
