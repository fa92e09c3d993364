// How the service does: what is wrong, which programs run, what the agent does, and the database.
import type { ComponentChildren, JSX } from "preact";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { config } from "../../api/session";
import { KIND_NAMES, type Kind } from "../../changes/api";
import { changeLink } from "../../changes/words";
import { bytes, count, milliseconds } from "../../format/number";
import { duration, serverNow } from "../../format/time";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Loaded } from "../../parts/states";
import { Moment, Relative } from "../../parts/time";
import { failingOf, figure, findings, programs, type Instance, type Status } from "./health";

const REFRESH_MS = 5000;

interface Loads {
    status: Status;
    gone: Instance[];
    at: number;
}

async function load(signal: AbortSignal): Promise<Loads> {
    const [status, all] = await Promise.all([
        get("/status", { signal }),
        // Needs the database, which may be away.
        get("/app_instances", { signal }).catch(() => null),
    ]);
    return { status, gone: (all?.instances ?? []).filter(instance => !instance.alive), at: serverNow() };
}

function Panel(props: { title: string; id?: string; children: ComponentChildren }): JSX.Element {
    return (
        <section class="panel" id={props.id}>
            <header>
                <h2>{props.title}</h2>
            </header>
            {props.children}
        </section>
    );
}

function Verdict({ loads }: { loads: Loads }): JSX.Element {
    const found = findings(loads.status, loads.gone, loads.at);
    if (!found.length) {
        return <Note tone="green">✓ All is well: every program runs, and clients are served the newest change.</Note>;
    }
    return (
        <div class="stack" role="status">
            {found.map(({ tone, text, href }) => (
                <Note key={text} tone={tone}>
                    <Mark tone={tone}>{tone === "red" ? "✗ broken" : "! look"}</Mark>{" "}
                    {href ? <a href={href}>{text}</a> : text}
                </Note>
            ))}
        </div>
    );
}

function Serves({ instance, newest }: { instance: Instance; newest: number }): JSX.Element {
    const id = figure(instance, "feed_id");
    const age = figure(instance, "snapshot_age_ms");
    if (id === null || !instance.alive) {
        return <></>;
    }
    return (
        <>
            <Mark tone={id < newest ? "amber" : "green"}>
                {id < newest ? `change ${id}, ${newest - id} behind` : `change ${id}, the newest`}
            </Mark>
            <br />
            <span class="soft small">
                {count(figure(instance, "rules") ?? 0)} rules, {count(figure(instance, "releases") ?? 0)} releases
                {age === null ? "" : `, checked ${age < 1000 ? "now" : `${duration(age)} before the report`}`}
            </span>
        </>
    );
}

function Programs({ loads }: { loads: Loads }): JSX.Element {
    const { instances = [], feed } = loads.status;
    const all = [...instances, ...loads.gone].sort((a, b) => a.program.localeCompare(b.program));
    return (
        <Panel title="Programs">
            <div class="table-box">
                <table class="cards" aria-label="Programs">
                    <thead>
                        <tr>
                            <th scope="col">Program</th>
                            <th scope="col">Version</th>
                            <th scope="col">Where</th>
                            <th scope="col">Started</th>
                            <th scope="col">Last report</th>
                            <th scope="col">Serves</th>
                        </tr>
                    </thead>
                    <tbody>
                        {all.map(instance => (
                            <tr key={instance.instance}>
                                <td>
                                    {instance.program} {instance.alive ? null : <Mark tone="amber">silent</Mark>}
                                </td>
                                <td>{instance.version}</td>
                                <td>
                                    {instance.host}, process {instance.pid}
                                </td>
                                <td>
                                    <span class="only-narrow soft">started </span>
                                    <Relative at={instance.started_at} />
                                </td>
                                <td>
                                    <span class="only-narrow soft">last report </span>
                                    <Relative at={instance.seen_at} />
                                </td>
                                <td>
                                    <Serves instance={instance} newest={feed?.newest_id ?? 0} />
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </Panel>
    );
}

function AgentFigures({ agent }: { agent: Instance }): JSX.Element {
    const number = (name: string): number => figure(agent, name) ?? 0;
    const last = number("last_run_at");
    const failing = failingOf(agent);
    return (
        <div class="body stack">
            <dl class="pairs">
                <dt>Last run</dt>
                <dd>{last ? <Moment at={last} /> : "none yet"}</dd>
                <dt>It took</dt>
                <dd>{milliseconds(number("last_run_ms"))}</dd>
                <dt>Changes</dt>
                <dd>
                    {number("enacted")} made since its start, {number("waiting")} wait, {number("retrying")} are tried
                    again
                </dd>
                <dt>Lists not read</dt>
                <dd>{number("lists_failed")}</dd>
                <dt>Uptakes not read</dt>
                <dd>{number("uptake_failed")}</dd>
            </dl>
            {failing.length ? (
                <ul class="stack" id="failing">
                    {failing.map(({ kind, id, what, next }) => (
                        <li key={`${kind} ${id}`}>
                            <Note tone="red">
                                <a href={changeLink(kind, id)}>
                                    {KIND_NAMES[kind as Kind] ?? kind} {id}
                                </a>
                                : {what ?? "no reason was given"}
                                {next ? (
                                    <span class="soft small">
                                        {" "}
                                        Next try <Relative at={next} />
                                    </span>
                                ) : null}
                            </Note>
                        </li>
                    ))}
                </ul>
            ) : null}
        </div>
    );
}

function Agents({ status }: { status: Status }): JSX.Element {
    const agents = programs(status.instances ?? [], "balrog-agent");
    return (
        <Panel title="Agent">
            {agents.length ? (
                agents.map(agent => <AgentFigures key={agent.instance} agent={agent} />)
            ) : (
                <p class="empty">No agent reports. docs/agent.md says how to set one up.</p>
            )}
        </Panel>
    );
}

// Tables of scheduled changes, as people know what is in them.
const TABLES: Record<string, string> = {
    rules: KIND_NAMES.rules,
    releases: KIND_NAMES.releases,
    releases_json: KIND_NAMES["v2/releases"],
    release_assets: "Parts of releases",
    permissions: KIND_NAMES.permissions,
    emergency_shutoffs: KIND_NAMES.emergency_shutoff,
    product_req_signoffs: KIND_NAMES["required_signoffs/product"],
    permissions_req_signoffs: KIND_NAMES["required_signoffs/permissions"],
    pinnable_releases: KIND_NAMES.pinnable_releases,
};

function Waiting({ status }: { status: Status }): JSX.Element {
    const all = Object.entries(status.scheduled_changes ?? {}).filter(([, { pending }]) => pending);
    return (
        <Panel title="Scheduled">
            {all.length ? (
                <ul>
                    {all.map(([table, { pending, due }]) => (
                        <li class="line" key={table}>
                            <span class="grow">{TABLES[table] ?? table}</span>
                            <span>{pending} pending</span>
                            {due ? <Mark tone="amber">{due} past their time</Mark> : null}
                        </li>
                    ))}
                </ul>
            ) : (
                <p class="empty">Nothing is pending.</p>
            )}
        </Panel>
    );
}

function Admin({ status }: { status: Status }): JSX.Element {
    const { database, requests, request_ms: ms, process, version, feed, auth_refused: refused } = status;
    const { connections } = database;
    const errors = Object.values(database.errors).reduce((a, b) => a + b, 0);
    return (
        <Panel title="Database and admin">
            <div class="body">
                <dl class="pairs">
                    <dt>Database</dt>
                    <dd>
                        <Mark tone={database.reachable ? "green" : "red"}>
                            {database.reachable ? "✓ answers" : "✗ cannot be reached"}
                        </Mark>
                    </dd>
                    <dt>Newest change</dt>
                    <dd>
                        {feed ? (
                            <>
                                {feed.newest_id}, {feed.changed_at ? <Relative at={feed.changed_at} /> : "never"}
                            </>
                        ) : (
                            "not known"
                        )}
                    </dd>
                    <dt>Connections</dt>
                    <dd>
                        {connections.used} used, {connections.idle} idle, of {connections.size}; {connections.waiting}{" "}
                        wait, {connections.refused} refused
                    </dd>
                    <dt>Statements</dt>
                    <dd>
                        {count(database.statements)}; {errors} failed, {database.retries} transactions repeated
                    </dd>
                    <dt>Requests</dt>
                    <dd>
                        {Object.entries(requests)
                            .filter(([, n]) => n)
                            .map(([name, n]) => `${count(n)} × ${name}`)
                            .join(", ") || "none"}
                    </dd>
                    <dt>They took</dt>
                    <dd>
                        {milliseconds(ms.median)} (median), {milliseconds(ms.p99)} (99 %)
                    </dd>
                    <dt>Not let in</dt>
                    <dd>{Object.values(refused).reduce((a, b) => a + b, 0)}</dd>
                    <dt>balrog-admin</dt>
                    <dd>
                        {version}, {bytes(process.memory_bytes)}, started <Relative at={process.started_at} />
                    </dd>
                </dl>
            </div>
        </Panel>
    );
}

export function Page(): JSX.Element {
    const data = useData("status", load, { refreshMs: REFRESH_MS });
    const grafana = config.value?.grafana;
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Status</h1>
                <span class="grow" />
                {grafana ? <a href={grafana}>Dashboards in Grafana</a> : null}
            </div>
            <Loaded data={data}>
                {loads => (
                    <div class="stack">
                        <Verdict loads={loads} />
                        <Programs loads={loads} />
                        <div class="columns">
                            <div class="stack">
                                <Agents status={loads.status} />
                                <Waiting status={loads.status} />
                            </div>
                            <Admin status={loads.status} />
                        </div>
                    </div>
                )}
            </Loaded>
        </>
    );
}
