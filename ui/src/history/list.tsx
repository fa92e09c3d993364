// A list of what has happened, under days, with the differences in place.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get, type Failure } from "../api/client";
import { asFailure, useData } from "../api/data";
import { link } from "../app/router";
import { ReleaseDiff } from "../changes/release_diff";
import { second } from "../format/clock";
import { Button } from "../parts/button";
import { Diff } from "../parts/diff";
import { Problem } from "../parts/problem";
import { Empty, Loaded } from "../parts/states";
import { local, relative, utc } from "../format/time";
import { labelOf } from "../rules/columns";
import {
    byDay,
    entryId,
    eventsOf,
    objectFilter,
    readable,
    sentence,
    withoutRepeats,
    type Entry,
    type Event,
} from "./entries";
import { Sentence } from "./sentence";

export interface HistoryQuery {
    object?: string;
    product?: string;
    channel?: string;
    changed_by?: string;
    timestamp_from?: number;
    timestamp_to?: number;
}

interface Older {
    entries: Entry[];
    next: string | null;
}

const PAGE = 50;
const COLUMNS_SHOWN = 3;

const short = (value: unknown): string => {
    const text = value === null || value === undefined || value === "" ? "nothing" : JSON.stringify(value);
    const plain = text.replace(/^"(.*)"$/, "$1");
    return plain.length > 40 ? `${plain.slice(0, 38)}…` : plain;
};

// "Rate (%) 25 → 50, Comment nothing → test"
function Summary({ entry }: { entry: Entry }): JSX.Element | null {
    const changed = readable(entry.changed);
    const names = Object.keys(changed).filter(name => name !== "role" || entry.what !== "signoff");
    if (entry.change_type !== "update" || !names.length) {
        return null;
    }
    const label = (name: string): string => (entry.kind === "rules" ? labelOf(name) : name);
    const more = names.length - COLUMNS_SHOWN;
    return (
        <span class="soft small">
            {names
                .slice(0, COLUMNS_SHOWN)
                .map(name => {
                    const [old, now] = changed[name] ?? [];
                    return `${label(name)} ${short(old)} → ${short(now)}`;
                })
                .join(", ")}
            {more > 0 ? `, ${more} more` : ""}
        </span>
    );
}

function EntryDiff({ entry }: { entry: Entry }): JSX.Element {
    if (entry.what === "content" && entry.change_type === "update") {
        const name = String(entry.key["name"]);
        return <ReleaseDiff left={`${name}@t${entry.timestamp - 1}`} right={`${name}@t${entry.timestamp}`} />;
    }
    const only = entry.change_type === "insert" ? "new" : entry.change_type === "delete" ? "old" : undefined;
    return (
        <Diff changed={readable(entry.changed)} labelOf={entry.kind === "rules" ? labelOf : undefined} only={only} />
    );
}

function Line({ event }: { event: Event }): JSX.Element {
    const { entry } = event;
    const [open, setOpen] = useState(false);
    const { does, object } = sentence(entry);
    const differs = Object.keys(entry.changed).length > 0 || entry.what === "content";
    return (
        <li class="event">
            <div class="line">
                <time
                    dateTime={new Date(entry.timestamp).toISOString()}
                    title={`${utc(entry.timestamp)} UTC · ${local(entry.timestamp)} here · ${relative(entry.timestamp, second.peek())}`}
                    class="soft small number">
                    {utc(entry.timestamp).slice(11)}
                </time>
                <span class="grow">
                    <Sentence event={event} />{" "}
                    <span class="soft small">
                        by{" "}
                        {entry.changed_by ? (
                            <a href={link("/history", { by: entry.changed_by })}>{entry.changed_by}</a>
                        ) : (
                            "the database"
                        )}
                    </span>
                    <div>
                        <Summary entry={entry} />
                    </div>
                </span>
                {differs ? (
                    <Button
                        kind="small quiet"
                        expanded={open}
                        label={`${open ? "Hide" : "Diff"}: ${does} ${object}`}
                        onClick={() => setOpen(!open)}>
                        {open ? "Hide" : "Diff"}
                    </Button>
                ) : null}
            </div>
            {open ? (
                <div class="opened stack">
                    <EntryDiff entry={entry} />
                    <p class="small">
                        <a href={link("/history", { object: objectFilter(entry) })}>All about it</a>
                    </p>
                </div>
            ) : null}
        </li>
    );
}

function dayName(day: string, now: number): string {
    const name = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
    return day === name(now) ? `Today, ${day}` : day === name(now - 86_400_000) ? `Yesterday, ${day}` : day;
}

export function Events({ events }: { events: Event[] }): JSX.Element {
    return (
        <div class="stack">
            {byDay(events).map(({ day, events: list }) => (
                <section class="panel" key={day} aria-label={day}>
                    <header>
                        <h2 class="minor">{dayName(day, second.peek())}</h2>
                        <span class="soft small">UTC</span>
                    </header>
                    <ul>
                        {list.map(event => (
                            <Line key={entryId(event.entry)} event={event} />
                        ))}
                    </ul>
                </section>
            ))}
        </div>
    );
}

// All that the query finds, a page at a time. New entries come on top of what is shown.
export function History(props: { query: HistoryQuery; only?: (event: Event) => boolean; none: string }): JSX.Element {
    const key = JSON.stringify(props.query);
    const read = (after: string | undefined, signal?: AbortSignal): Promise<Older> =>
        get("/history", { query: { ...props.query, limit: PAGE, after }, signal }) as Promise<Older>;
    const data = useData(`history ${key}`, signal => read(undefined, signal), { keep: false });
    const [older, setOlder] = useState<Older | null>(null);
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<Failure | null>(null);
    const next = older ? older.next : (data.value?.next ?? null);
    const more = async (): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            const page = await read(next ?? undefined);
            const before = older?.entries ?? data.value?.entries ?? [];
            setOlder({ entries: [...before, ...page.entries], next: page.next });
        } catch (failure) {
            setError(asFailure(failure));
        }
        setBusy(false);
    };
    return (
        <Loaded data={data}>
            {first => {
                const all = eventsOf(withoutRepeats([...first.entries, ...(older?.entries ?? [])]));
                const events = props.only ? all.filter(props.only) : all;
                return (
                    <>
                        {events.length ? <Events events={events} /> : <Empty>{props.none}</Empty>}
                        {error ? <Problem error={error} retry={() => void more()} /> : null}
                        {next ? (
                            <div class="row">
                                <Button dead={busy ? "In progress…" : null} onClick={() => void more()}>
                                    Show older ones
                                </Button>
                            </div>
                        ) : null}
                    </>
                );
            }}
        </Loaded>
    );
}
