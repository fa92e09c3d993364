// What waits for me, what is stopped, what happens next, how each channel does, and what has happened.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { partialStops, stops } from "../../api/shared";
import { link } from "../../app/router";
import type { PendingChange } from "../../changes/api";
import { signoffSentence } from "../../changes/signoffs";
import { changeLink, headline, scopeOf } from "../../changes/words";
import { entryId, eventsOf, type Entry } from "../../history/entries";
import { Sentence } from "../../history/sentence";
import { Empty, Loaded } from "../../parts/states";
import { Relative } from "../../parts/time";
import { stopKey, stopName } from "../../stops/partial";
import { Tiles } from "./tiles";

const SHOWN = 6;
const COUNTED = 60;
const RECENT = 8;

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

interface ChangesProps {
    title: string;
    changes: PendingChange[];
    count: number;
    url: string;
    none: string;
}

function Changes({ title, changes, count, url, none }: ChangesProps): JSX.Element {
    return (
        <section class="panel">
            <header>
                <h2>{title}</h2>
                {count ? <a href={url}>{count > SHOWN ? `all ${count}` : count}</a> : null}
            </header>
            {changes.length ? (
                <ul>
                    {changes.slice(0, SHOWN).map(change => (
                        <Change key={`${change.kind} ${change.id}`} change={change} />
                    ))}
                </ul>
            ) : (
                <Empty>{none}</Empty>
            )}
        </section>
    );
}

function Stopped(): JSX.Element | null {
    const all = [...stops.value, ...partialStops.value];
    return all.length ? (
        <section class="panel stopped">
            <header>
                <h2>Stopped</h2>
                <a href={link("/stop")}>{all.length}</a>
            </header>
            <ul>
                {all.map(stop => (
                    <li class="line" key={stopKey(stop)}>
                        <span class="grow">
                            <a href={link("/rules", { product: stop.product, channel: stop.channel })}>
                                {stopName(stop)}
                            </a>{" "}
                            <span class="soft">{stop.comment ?? "no reason given"}</span>
                        </span>
                        <span class="soft small">
                            {stop.created_at ? <Relative at={stop.created_at} /> : null}{" "}
                            {stop.created_by ? `by ${stop.created_by}` : ""}
                        </span>
                    </li>
                ))}
            </ul>
        </section>
    ) : null;
}

function Recent(): JSX.Element {
    const data = useData("recent", signal => get("/history", { query: { limit: RECENT * 2 }, signal }));
    return (
        <section class="panel">
            <header>
                <h2>Recently</h2>
                <a href={link("/history")}>History</a>
            </header>
            <Loaded data={data}>
                {({ entries }) => (
                    <ul>
                        {eventsOf(entries as Entry[])
                            .slice(0, RECENT)
                            .map(event => (
                                <li class="line" key={entryId(event.entry)}>
                                    <span class="grow">
                                        <Sentence event={event} />
                                        <br />
                                        <span class="soft small">by {event.entry.changed_by ?? "the database"}</span>
                                    </span>
                                    <span class="soft small nowrap">
                                        <Relative at={event.entry.timestamp} />
                                    </span>
                                </li>
                            ))}
                    </ul>
                )}
            </Loaded>
        </section>
    );
}

const NONE: PendingChange[] = [];

export function Page(): JSX.Element {
    const data = useData("pending", signal => get("/pending", { query: { limit: COUNTED }, signal }));
    const mine = useData("mine", signal => get("/pending", { query: { limit: SHOWN, mine: "1" }, signal }));
    const pending = useMemo(() => data.value?.pending ?? NONE, [JSON.stringify(data.value?.pending)]);
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Overview</h1>
            </div>
            <div class="columns overview">
                <div class="stack">
                    <Loaded data={mine}>
                        {({ pending: changes, mine: n }) => (
                            <Changes
                                title="Waits for me"
                                changes={changes}
                                count={n}
                                url={link("/changes")}
                                none="No change waits for your sign-off."
                            />
                        )}
                    </Loaded>
                    <Stopped />
                    <Loaded data={data}>
                        {({ pending: changes, count }) => (
                            <Changes
                                title="Happens next"
                                changes={changes}
                                count={count}
                                url={link("/changes")}
                                none="Nothing is scheduled."
                            />
                        )}
                    </Loaded>
                    <Recent />
                </div>
                <Tiles pending={pending} />
            </div>
        </>
    );
}
