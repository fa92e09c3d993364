// Why a client gets what it gets: now, at a moment, or with pending changes made.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { go, link, place, setQuery } from "../../app/router";
import { allPending } from "../../changes/api";
import { changeKey, headline } from "../../changes/words";
import { parseUtc, serverNow, utc } from "../../format/time";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Field } from "../../parts/field";
import { Note } from "../../parts/note";
import { Empty, Loaded } from "../../parts/states";
import { Steps } from "./steps";

const EXAMPLE =
    "/update/6/Firefox/128.0/20240704121409/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0.0.0.19045/ISET:SSE4_2,MEM:16384/default/default/update.xml";
const KINDS = ["rules", "releases", "v2/releases", "pinnable_releases", "emergency_shutoff", "partial_stops"];

interface Asked {
    path: string;
    changes: string[];
    timestamp: number | null;
    rule: number | null; // the rule that the query was made from
}

function asked(): Asked {
    const { query } = place.value;
    const timestamp = Number(query.get("timestamp"));
    return {
        path: query.get("path") ?? "",
        changes: (query.get("with") ?? "").split(",").filter(Boolean),
        timestamp: timestamp > 0 ? timestamp : null,
        rule: Number(query.get("rule")) || null,
    };
}

// Which pending changes the answer is compared with.
function WithChanges({ chosen }: { chosen: string[] }): JSX.Element | null {
    const data = useData("pending", signal => allPending(signal));
    const changes = (data.value ?? []).filter(change => KINDS.includes(change.kind));
    if (!changes.length) {
        return null;
    }
    return (
        <details open={chosen.length > 0}>
            <summary>Compare with pending changes ({chosen.length} chosen)</summary>
            <ul>
                {changes.map(change => {
                    const key = changeKey(change);
                    const on = chosen.includes(key);
                    const next = on ? chosen.filter(other => other !== key) : [...chosen, key];
                    return (
                        <li key={key}>
                            <label class="check">
                                <input
                                    type="checkbox"
                                    checked={on}
                                    onChange={() => setQuery({ with: next.join(",") })}
                                />
                                {headline(change)}
                            </label>
                        </li>
                    );
                })}
            </ul>
        </details>
    );
}

function Ask({ now }: { now: Asked }): JSX.Element {
    const [path, setPath] = useState(now.path);
    const [at, setAt] = useState(now.timestamp ? utc(now.timestamp) : "");
    const timestamp = parseUtc(at);
    const wrong = !at.trim()
        ? null
        : timestamp === null
          ? "For example 2026-11-28 14:00"
          : timestamp > serverNow()
            ? "This is in the future"
            : null;
    useKeys([{ key: "/", does: "Enter a URL", run: () => document.getElementById("explain-url")?.focus() }]);
    return (
        <form
            class="panel group"
            onSubmit={event => {
                event.preventDefault();
                if (path.trim() && !wrong) {
                    go(
                        link("/explain", {
                            path: path.trim(),
                            with: now.changes.join(","),
                            timestamp: at.trim() ? timestamp : null,
                        }),
                    );
                }
            }}>
            <div class="ask">
                <Field
                    label="URL of an update query, whole or from its path on"
                    value={path}
                    onInput={setPath}
                    inputId="explain-url"
                    placeholder={EXAMPLE}
                    autofocus={!now.path}
                />
                <Field label="At (UTC; empty: now)" value={at} onInput={setAt} wrong={wrong} />
                <Button submit kind="primary" dead={path.trim() ? wrong : "Enter a URL"}>
                    Explain
                </Button>
            </div>
            <WithChanges chosen={now.changes} />
        </form>
    );
}

function Result({ now }: { now: Asked }): JSX.Element {
    const { path, changes, timestamp } = now;
    const data = useData(
        `${path} ${changes.join()} ${timestamp}`,
        signal =>
            get("/explain", {
                query: { url: path, with: changes.join(",") || undefined, timestamp: timestamp ?? undefined },
                signal,
            }),
        { refreshMs: 0, keep: false },
    );
    return (
        <Loaded data={data}>
            {explanation => {
                if (typeof explanation === "string") {
                    return <pre>{explanation}</pre>;
                }
                return explanation.compared ? (
                    <div class="columns">
                        <div class="stack">
                            <h2>Now</h2>
                            <Steps explanation={explanation} />
                        </div>
                        <div class="stack">
                            <h2>With the changes</h2>
                            <Steps explanation={explanation.compared} />
                        </div>
                    </div>
                ) : (
                    <Steps explanation={explanation} />
                );
            }}
        </Loaded>
    );
}

export function Page(): JSX.Element {
    const now = asked();
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Explain</h1>
                <span class="soft">what a client gets, and why</span>
            </div>
            <div class="stack">
                <Ask key={`${now.path} ${now.timestamp}`} now={now} />
                {now.rule ? (
                    <Note>
                        This query was made from the columns of{" "}
                        <a href={link("/rules", {}, `ruleId=${now.rule}`)}>rule {now.rule}</a>; what the rule leaves
                        open was made up. Change it as you like.
                    </Note>
                ) : null}
                {now.path ? (
                    <Result now={now} />
                ) : (
                    <Empty>
                        Paste the URL that a client sends, or try{" "}
                        <a href={link("/explain", { path: EXAMPLE })}>an example</a>.
                    </Empty>
                )}
            </div>
        </>
    );
}
