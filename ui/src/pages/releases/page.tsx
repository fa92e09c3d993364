// All releases, v1 and v2, page by page. The filters and the page are in the address.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { go, link, place, setQuery } from "../../app/router";
import { count } from "../../format/number";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Field } from "../../parts/field";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import type { Listed } from "../../releases/api";
import { releaseLink } from "../../releases/links";
import { useProducts } from "../../releases/products";
import { ReleaseRow } from "./row";

const PAGE = 50;
const SEARCH = "releases-words";

type Kind = "v1" | "v2";
type State = "pending" | "mapped" | "writable";

interface View {
    words: string;
    product: string;
    kind: Kind | undefined;
    state: State | undefined;
    sort: "changed" | undefined;
    after: number;
}

const oneOf = <T extends string>(text: string | null, choices: readonly T[]): T | undefined =>
    choices.find(choice => choice === text);

function currentView(): View {
    const { query } = place.value;
    const after = Number(query.get("after"));
    return {
        words: query.get("q") ?? "",
        product: query.get("product") ?? "",
        kind: oneOf(query.get("kind"), ["v1", "v2"]),
        state: oneOf(query.get("state"), ["pending", "mapped", "writable"]),
        sort: oneOf(query.get("sort"), ["changed"]),
        after: Number.isInteger(after) && after > 0 ? after : 0,
    };
}

const STATES = [
    { value: "", text: "Any state" },
    { value: "mapped", text: "In use" },
    { value: "pending", text: "Changes pending" },
    { value: "writable", text: "Writable" },
];
const KINDS = [
    { value: "", text: "v1 and v2" },
    { value: "v1", text: "v1" },
    { value: "v2", text: "v2" },
];
const ORDERS = [
    { value: "", text: "By name" },
    { value: "changed", text: "Last changed first" },
];

// Another filter begins on its first page.
const filter = (changes: Record<string, string>): void => setQuery({ ...changes, after: null });

function Filters({ view }: { view: View }): JSX.Element {
    const [words, setWords] = useState(view.words);
    const products = useProducts();
    useEffect(() => setWords(view.words), [view.words]);
    const options = [...new Set([...products, view.product].filter(Boolean))].sort();
    return (
        <div class="filters" role="search" aria-label="Filter the releases">
            <Select
                label="Product"
                hideLabel
                value={view.product}
                options={[{ value: "", text: "All products" }, ...options.map(p => ({ value: p, text: p }))]}
                onChange={product => filter({ product })}
            />
            <Field
                label="Words"
                hideLabel
                type="search"
                placeholder="Words in the name"
                value={words}
                inputId={SEARCH}
                onInput={text => {
                    setWords(text);
                    filter({ q: text.trim() });
                }}
            />
            <Select
                label="State"
                hideLabel
                value={view.state ?? ""}
                options={STATES}
                onChange={state => filter({ state })}
            />
            <Select
                label="Kind"
                hideLabel
                value={view.kind ?? ""}
                options={KINDS}
                onChange={kind => filter({ kind })}
            />
            <Select
                label="Order"
                hideLabel
                value={view.sort ?? ""}
                options={ORDERS}
                onChange={sort => filter({ sort })}
            />
        </div>
    );
}

function why(view: View): ComponentChildren {
    const filtered = view.words || view.product || view.kind || view.state;
    if (!filtered) {
        return view.after ? "There are no more releases." : "There is no release yet.";
    }
    return (
        <>
            <p>No release fits this filter.</p>
            <p>
                <a href={link("/releases")}>Show all releases</a>
            </p>
        </>
    );
}

function Pages({ view, total, next }: { view: View; total: number; next: number | null }): JSX.Element | null {
    if (!view.after && next === null) {
        return null;
    }
    const to = (after: number): void => {
        setQuery({ after: after || null });
        window.scrollTo(0, 0);
    };
    return (
        <nav class="row pages" aria-label="Pages of releases">
            <Button
                dead={view.after ? null : "This is the first page"}
                onClick={() => to(Math.max(0, view.after - PAGE))}>
                Previous
            </Button>
            <span class="soft">
                {view.after + 1} to {next ?? total} of {count(total)}
            </span>
            <Button dead={next === null ? "This is the last page" : null} onClick={() => to(next ?? 0)}>
                Next
            </Button>
        </nav>
    );
}

function Table({
    releases,
    words,
    reload,
}: {
    releases: Listed[];
    words: string;
    reload: () => Promise<void>;
}): JSX.Element {
    const [cursor, setCursor] = useState<string | null>(null);
    const keyOf = ({ kind, name }: Listed): string => `${kind} ${name}`;
    const at = releases.findIndex(release => keyOf(release) === cursor);
    const move = (step: number): void => {
        const next = releases[Math.max(0, Math.min(releases.length - 1, at + step))];
        setCursor(next ? keyOf(next) : null);
    };
    const current = releases[at];
    useKeys([
        { key: "j", does: "Next release", run: () => move(1) },
        { key: "k", does: "Previous release", run: () => move(-1) },
        { key: "Enter", does: "Open the release", run: () => current && go(releaseLink(current.name)) },
        { key: "n", does: "New release", run: () => go(link("/new-release")) },
        { key: "/", does: "Filter", run: () => document.getElementById(SEARCH)?.focus() },
    ]);
    return (
        <div class="table-box">
            <table class="cards releases" aria-label="Releases">
                <thead>
                    <tr>
                        <th scope="col">Release</th>
                        <th scope="col">Product</th>
                        <th scope="col">Used by</th>
                        <th scope="col">Pending</th>
                        <th scope="col">Contents</th>
                        <th scope="col">Changed</th>
                        <th scope="col">
                            <span class="unseen">Actions</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {releases.map((release, i) => (
                        <ReleaseRow
                            key={keyOf(release)}
                            release={release}
                            words={words}
                            cursor={i === at}
                            reload={reload}
                        />
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function Page(): JSX.Element {
    const view = currentView();
    const { words, product, kind, state, sort, after } = view;
    const data = useData(JSON.stringify(view), signal =>
        get("/release_index", {
            query: { q: words || undefined, product: product || undefined, kind, state, sort, after, limit: PAGE },
            signal,
        }),
    );
    const total = data.value?.count;
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Releases</h1>
                {total !== undefined ? (
                    <span class="soft" role="status">
                        {total === 1 ? "1 release" : `${count(total)} releases`}
                    </span>
                ) : null}
                <span class="grow" />
                <Button kind="primary" href={link("/new-release")} dead={whyNot("release", "create")}>
                    New release
                </Button>
            </div>
            <Filters view={view} />
            <Loaded data={data}>
                {({ releases, count: all, next }) =>
                    releases.length ? (
                        <>
                            <Table releases={releases} words={words} reload={data.reload} />
                            <Pages view={view} total={all} next={next} />
                        </>
                    ) : (
                        <Empty>{why(view)}</Empty>
                    )
                }
            </Loaded>
        </>
    );
}
