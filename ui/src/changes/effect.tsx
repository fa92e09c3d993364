// What changes would do to clients: /simulate answers real queries, or pasted ones, before and after.
import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { post, type Body, type Schema } from "../api/client";
import { useSettled, type Settled } from "../api/settled";
import { link } from "../app/router";
import { count, percent, plural } from "../format/number";
import { duration, serverNow } from "../format/time";
import { Button } from "../parts/button";
import { Field } from "../parts/field";
import { Mark } from "../parts/mark";
import { Problem } from "../parts/problem";

export type Simulation = Schema["Simulation"];
type SimulateBody = Body<"/simulate", "post">;
export type Edits = SimulateBody["changes"];

const STORED = "balrog.queries";
const SETTLED_MS = 800;
const SAMPLE = 20_000;
const SHOWN = 5;

interface Props {
    // As /simulate takes them; null while there is nothing to try.
    changes: Edits | null;
    product: string | null;
    channel: string | null;
    // The same changes as /explain names them, where they are scheduled.
    scheduled?: string;
}

// The OpenAPI document has the members of `sample` only in its description.
type Sample = { urls: string[] } | { product?: string; channel?: string; limit: number };

function sampleOf({ product, channel }: Props, urls: string[]): Sample {
    if (urls.length) {
        return { urls };
    }
    // A glob covers more than one channel: then all of the product's queries count.
    const exact = channel && !channel.includes("*") ? { channel } : {};
    return { ...(product ? { product, ...exact } : {}), limit: SAMPLE };
}

function useSimulation(props: Props, urls: string[]): Settled<Simulation> {
    const { changes, product, channel } = props;
    const key = useMemo(
        () => (changes ? JSON.stringify([changes, product, channel, urls]) : null),
        [changes, product, channel, urls],
    );
    return useSettled(key, SETTLED_MS, signal => {
        const sample = sampleOf(props, urls) as unknown as SimulateBody["sample"];
        return post("/simulate", { body: { changes: changes ?? [], sample }, signal });
    });
}

function shares({ before, after }: Simulation): { name: string | null; before: number; after: number }[] {
    const none = (side: Schema["SimulatedSide"]): number => Object.values(side.unserved).reduce((a, b) => a + b, 0);
    const names = [...new Set([...Object.keys(before.served), ...Object.keys(after.served)])];
    const rows: { name: string | null; before: number; after: number }[] = names.map(name => ({
        name,
        before: before.served[name] ?? 0,
        after: after.served[name] ?? 0,
    }));
    rows.push({ name: null, before: none(before), after: none(after) });
    return rows
        .filter(row => row.before || row.after)
        .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || b.after - a.after);
}

function Bar({ before, after, whole }: { before: number; after: number; whole: number }): JSX.Element {
    const width = (n: number): { width: string } => ({ width: `${whole ? (100 * n) / whole : 0}%` });
    return (
        <span class="effect-bar" aria-hidden="true">
            <span class="before" style={width(before)} />
            <span class="after" style={width(after)} />
        </span>
    );
}

function Shares({ result }: { result: Simulation }): JSX.Element {
    const rows = shares(result);
    const whole = result.queries;
    return (
        <table class="effect">
            <thead class="unseen">
                <tr>
                    <th scope="col">Clients get</th>
                    <th scope="col">Share before and after</th>
                    <th scope="col">Difference</th>
                </tr>
            </thead>
            <tbody>
                {rows.map(({ name, before, after }) => (
                    <tr key={name ?? ""}>
                        <td>
                            {name ?? <span class="soft">no update</span>}
                            <Bar before={before} after={after} whole={whole} />
                        </td>
                        <td class="number nowrap">
                            {percent(before, whole)} → {percent(after, whole)}
                        </td>
                        <td class="number nowrap">
                            {after === before ? (
                                <span class="soft">same</span>
                            ) : (
                                <strong>
                                    {after > before ? "▲ +" : "▼ −"}
                                    {count(Math.abs(after - before))}
                                </strong>
                            )}
                        </td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

const top = (by: Record<string, number>): [string, number][] => Object.entries(by).sort((a, b) => b[1] - a[1]);

function Moved({ moved, scheduled }: { moved: Simulation["moved"][number]; scheduled?: string }): JSX.Element {
    const { from, to, queries, by, examples } = moved;
    const same = from === to;
    return (
        <details class="moved">
            <summary>
                {from ?? "no update"} → {same ? "the same, with other content" : (to ?? "no update")}{" "}
                <span class="soft">{count(queries)}</span>
            </summary>
            <dl class="pairs">
                {(["version", "target", "locale", "channel"] as const).flatMap(name => {
                    const values = top(by[name]);
                    return [
                        <dt key={`${name} name`}>by {name}</dt>,
                        <dd key={name}>
                            {values
                                .slice(0, SHOWN)
                                .map(([value, n]) => `${value} ${percent(n, queries)}`)
                                .join(" · ")}
                            {values.length > SHOWN ? ` · ${values.length - SHOWN} more` : ""}
                        </dd>,
                    ];
                })}
            </dl>
            <ul>
                {examples.map(url => (
                    <li key={url}>
                        <a href={link("/explain", { path: url, with: scheduled })} class="mono">
                            {url}
                        </a>
                    </li>
                ))}
            </ul>
        </details>
    );
}

function Result({ result, scheduled }: { result: Simulation; scheduled?: string }): JSX.Element {
    const { sample, moved } = result;
    if (!result.queries) {
        return (
            <p class="soft">
                Nothing is known: no client of this product and channel has asked in the last 24 hours. Paste queries to
                try the change with.
            </p>
        );
    }
    const span = sample.from && sample.to ? ` of ${duration(serverNow() - sample.from)}` : "";
    return (
        <div class="stack">
            <p class="small soft">
                {count(result.queries)} queries{span}, {count(result.distinct)} distinct
                {sample.coverage < 1 ? `; they stand for ${percent(sample.coverage, 1)} of all` : ""}
                {result.partial ? "; time was up, the most frequent ones were answered" : ""}
            </p>
            {result.newly_unserved ? (
                <p>
                    <Mark tone="red">! {count(result.newly_unserved)} queries lose their update</Mark>
                </p>
            ) : null}
            {result.moved_queries ? (
                <p>
                    <strong>{percent(result.moved_queries, result.queries)}</strong> of the queries get another answer.
                </p>
            ) : (
                <p>No query gets another answer.</p>
            )}
            <Shares result={result} />
            {moved.slice(0, SHOWN).map(entry => (
                <Moved key={`${entry.from} ${entry.to}`} moved={entry} scheduled={scheduled} />
            ))}
            {moved.length > SHOWN ? (
                <p class="soft small">and {plural(moved.length - SHOWN, "smaller group")}</p>
            ) : null}
        </div>
    );
}

function Queries(props: { urls: string[]; onUse: (urls: string[]) => void; none: boolean }): JSX.Element {
    const [text, setText] = useState(props.urls.join("\n"));
    const use = (value: string): void => {
        const urls = value
            .split("\n")
            .map(line => line.trim())
            .filter(Boolean);
        localStorage.setItem(STORED, JSON.stringify(urls));
        props.onUse(urls);
    };
    return (
        <details open={props.none && !props.urls.length}>
            <summary class="small">
                {props.urls.length
                    ? plural(props.urls.length, "pasted query").replace("querys", "queries")
                    : "Try other queries"}
            </summary>
            <div class="stack">
                <Field
                    label="URLs of update queries, one per line"
                    type="lines"
                    value={text}
                    onInput={setText}
                    placeholder="/update/6/Firefox/128.0/…/update.xml"
                />
                <div class="row">
                    <Button kind="small" onClick={() => use(text)}>
                        Use these
                    </Button>
                    {props.urls.length ? (
                        <Button
                            kind="small quiet"
                            onClick={() => {
                                setText("");
                                use("");
                            }}>
                            Use real queries
                        </Button>
                    ) : null}
                </div>
            </div>
        </details>
    );
}

function storedUrls(): string[] {
    try {
        const urls: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
        return Array.isArray(urls) ? urls.filter(url => typeof url === "string") : [];
    } catch {
        return [];
    }
}

export function Effect(props: Props): JSX.Element {
    const [urls, setUrls] = useState(storedUrls);
    const { answer: result, error, busy } = useSimulation(props, urls);
    const noSample = error?.status === 503 && /uptake_url/.test(error.detail);
    let content: ComponentChildren = null;
    if (error && noSample) {
        content = (
            <p class="soft">
                Nothing is known: no sample of the clients' queries is kept here. Paste queries to try the change with.
            </p>
        );
    } else if (error) {
        content = <Problem error={error} />;
    } else if (result) {
        content = <Result result={result} scheduled={props.scheduled} />;
    } else if (!busy) {
        content = <p class="soft">Nothing changes yet.</p>;
    }
    return (
        <section class="panel" aria-busy={busy}>
            <header>
                <h2>Effect</h2>
                {busy ? <span class="soft small">computing…</span> : null}
            </header>
            <div class="body stack" role="status">
                {content}
                <Queries urls={urls} onUse={setUrls} none={!!noSample || result?.queries === 0} />
            </div>
        </section>
    );
}
