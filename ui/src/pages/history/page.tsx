// One history of everything. What is shown stands in the address.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { link, place, setQuery } from "../../app/router";
import { parseUtc, serverNow, utc } from "../../format/time";
import { HISTORY_KINDS } from "../../history/entries";
import { History, type HistoryQuery } from "../../history/list";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Field } from "../../parts/field";
import { Select } from "../../parts/select";
import { RulesBetween } from "./between";

interface View {
    by: string;
    product: string;
    channel: string;
    kind: string;
    name: string;
    from: number | null;
    to: number | null;
    between: boolean;
}

function currentView(): View {
    const { query } = place.value;
    const [kind = "", ...name] = (query.get("object") ?? "").split(":");
    const moment = (name: string): number | null => Number(query.get(name)) || null;
    return {
        by: query.get("by") ?? "",
        product: query.get("product") ?? "",
        channel: query.get("channel") ?? "",
        kind,
        name: name.join(":"),
        from: moment("from"),
        to: moment("to"),
        between: query.get("between") === "1",
    };
}

const queryOf = (view: View): HistoryQuery => ({
    changed_by: view.by || undefined,
    product: view.product || undefined,
    channel: view.channel || undefined,
    object: view.kind ? (view.name ? `${view.kind}:${view.name}` : view.kind) : undefined,
    timestamp_from: view.from ?? undefined,
    timestamp_to: view.to ?? undefined,
});

const KINDS = [
    { value: "", text: "Everything" },
    ...Object.entries(HISTORY_KINDS).map(([value, text]) => ({ value, text })),
];

// What is wrong with a moment that was typed, or null. Nothing is no limit.
function wrongMoment(text: string): string | null {
    if (!text.trim()) {
        return null;
    }
    const ms = parseUtc(text);
    return ms === null ? "For example 2026-11-28 14:00" : ms > serverNow() ? "This is in the future" : null;
}

function Filters({ view }: { view: View }): JSX.Element {
    const [form, setForm] = useState({
        by: view.by,
        product: view.product,
        channel: view.channel,
        name: view.name,
        from: view.from ? utc(view.from) : "",
        to: view.to ? utc(view.to) : "",
    });
    const field = (name: keyof typeof form): { value: string; onInput: (text: string) => void } => ({
        value: form[name],
        onInput: text => setForm(old => ({ ...old, [name]: text })),
    });
    const wrong = { from: wrongMoment(form.from), to: wrongMoment(form.to) };
    const apply = (kind: string): void => {
        const { by, product, channel, name } = form;
        const object = kind && kind === view.kind && name.trim() ? `${kind}:${name.trim()}` : kind;
        if (!wrong.from && !wrong.to) {
            setQuery({
                ...{ by: by.trim(), product: product.trim(), channel: channel.trim(), object },
                ...{ from: parseUtc(form.from), to: parseUtc(form.to) },
            });
        }
    };
    return (
        <form
            class="history-filters"
            role="search"
            aria-label="Filter the history"
            onSubmit={event => {
                event.preventDefault();
                apply(view.kind);
            }}>
            <Select label="What" value={view.kind} options={KINDS} onChange={apply} />
            {view.kind ? (
                <Field label={view.kind === "rules" ? "Number" : "Name or product"} {...field("name")} />
            ) : null}
            <Field label="Product" {...field("product")} />
            <Field label="Channel" {...field("channel")} />
            <Field label="By" {...field("by")} inputId="history-by" />
            <Field label="From (UTC)" placeholder="2026-11-28 14:00" wrong={wrong.from} {...field("from")} />
            <Field label="Until (UTC)" wrong={wrong.to} {...field("to")} />
            <div class="row">
                <Button submit>Show</Button>
                {place.value.query.size ? (
                    <Button kind="quiet" href={link("/history")}>
                        Show all
                    </Button>
                ) : null}
            </div>
        </form>
    );
}

export function Page(): JSX.Element {
    const view = currentView();
    const key = String(place.value.query);
    useKeys([{ key: "/", does: "Filter", run: () => document.getElementById("history-by")?.focus() }]);
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>History</h1>
                <span class="grow" />
                <Button
                    pressed={view.between}
                    dead={view.from ? null : "Choose a moment under “From” first"}
                    onClick={() => setQuery({ between: !view.between })}>
                    What is different
                </Button>
            </div>
            <Filters key={key} view={view} />
            <div class="stack">
                {view.between && view.from ? (
                    <RulesBetween from={view.from} to={view.to} product={view.product} channel={view.channel} />
                ) : null}
                <History key={key} query={queryOf(view)} none="Nothing has happened that fits." />
            </div>
        </>
    );
}
