// The inbox: everything that is pending, grouped by what it means for me.
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { roles, user } from "../../api/session";
import { go, link, place, setQuery } from "../../app/router";
import { allPending, KIND_NAMES, type Kind, type PendingChange } from "../../changes/api";
import type { Seen } from "../../changes/seen";
import { openRoles } from "../../changes/signoffs";
import { changeKey, changeLink } from "../../changes/words";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import { signInTurn, type Result } from "./bulk";
import { Row } from "./row";

interface Group {
    title: string;
    changes: PendingChange[];
}

// Each change stands in the first group that it belongs to.
function grouped(changes: PendingChange[], me: string, held: string[]): Group[] {
    const groups: Group[] = [
        { title: "Needs me", changes: [] },
        { title: "Due, but not made", changes: [] },
        { title: "Scheduled by me", changes: [] },
        { title: "Waits for others", changes: [] },
    ];
    for (const change of changes) {
        const late = change.stale || change.state === "failing" || change.state === "due";
        const at = openRoles(change, me, held).length ? 0 : late ? 1 : change.scheduled_by === me ? 2 : 3;
        groups[at]?.changes.push(change);
    }
    return groups.filter(group => group.changes.length);
}

const toggled = (set: Set<string>, key: string): Set<string> => {
    const now = new Set(set);
    if (!now.delete(key)) {
        now.add(key);
    }
    return now;
};

// What each change would break, by its key. This costs the server something, so it is asked for less often.
function useBreaks(): Map<string, PendingChange["breaks"]> {
    const data = useData("breaks", signal => get("/pending", { query: { expectations: "1", limit: 60 }, signal }), {
        refreshMs: 60_000,
    });
    return new Map((data.value?.pending ?? []).map(change => [changeKey(change), change.breaks]));
}

interface Bulk {
    selected: Set<string>;
    results: Map<string, Result>;
    busy: boolean;
    select: (key: string) => void;
    clear: () => void;
    seen: (key: string, seen: Seen | null) => void;
    sign: () => Promise<void>;
}

function useBulk(all: PendingChange[], reload: () => Promise<void>): Bulk {
    const [selected, setSelected] = useState<Set<string>>(new Set());
    const [results, setResults] = useState<Map<string, Result>>(new Map());
    const [busy, setBusy] = useState(false);
    const seen = useRef(new Map<string, Seen>());
    return {
        selected,
        results,
        busy,
        select: key => setSelected(old => toggled(old, key)),
        clear: () => setSelected(new Set()),
        seen: (key, state) => {
            if (state) {
                seen.current.set(key, state);
            } else {
                seen.current.delete(key);
            }
        },
        sign: async () => {
            setBusy(true);
            setResults(new Map());
            const list = all.map(change => {
                const key = changeKey(change);
                const shown = seen.current.get(key);
                return {
                    key,
                    change: shown?.change ?? change,
                    unseen: shown ? shown.unseen : "Open it and look at the difference first",
                };
            });
            await signInTurn(
                list.filter(({ key }) => selected.has(key)),
                (key, result) => {
                    setResults(old => new Map(old).set(key, result));
                    if (result.ok) {
                        setSelected(old => toggled(old, key));
                    }
                },
            );
            await reload();
            setBusy(false);
        },
    };
}

function BulkBar({ bulk }: { bulk: Bulk }): JSX.Element | null {
    const n = bulk.selected.size;
    return n ? (
        <div class="bulk row" role="group" aria-label="Selected changes">
            <span>{n} selected</span>
            <Button kind="primary" dead={bulk.busy ? "In progress…" : null} onClick={() => void bulk.sign()}>
                Sign off {n === 1 ? "it" : `all ${n}`}
            </Button>
            <Button kind="quiet" onClick={bulk.clear}>
                Select none
            </Button>
        </div>
    ) : null;
}

function List({ changes, reload }: { changes: PendingChange[]; reload: () => Promise<void> }): JSX.Element {
    const groups = grouped(changes, user.value?.username ?? "", roles.value);
    const all = groups.flatMap(group => group.changes);
    const breaks = useBreaks();
    const bulk = useBulk(all, reload);
    const [cursor, setCursor] = useState<string | null>(null);
    const [open, setOpen] = useState<Set<string>>(new Set());
    const at = all.findIndex(change => changeKey(change) === cursor);
    const move = (step: number): void => {
        const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
        if (next) {
            setCursor(changeKey(next));
            document.getElementById(changeKey(next))?.scrollIntoView({ block: "nearest" });
        }
    };
    const toggle = (change: PendingChange): void => {
        setCursor(changeKey(change));
        setOpen(old => toggled(old, changeKey(change)));
    };
    // A selected change is open, because it can only be signed once it was seen.
    const select = (change: PendingChange): void => {
        const key = changeKey(change);
        setCursor(key);
        setOpen(old => (bulk.selected.has(key) ? old : new Set(old).add(key)));
        bulk.select(key);
    };
    const current = all[at];
    const press = (selector: string): void =>
        document
            .getElementById(cursor ?? "")
            ?.querySelector<HTMLElement>(selector)
            ?.click();
    useKeys([
        { key: "j", does: "Next change", run: () => move(1) },
        { key: "k", does: "Previous change", run: () => move(-1) },
        { key: "Enter", does: "Open or close the change", run: () => current && toggle(current) },
        { key: "x", does: "Select the change", run: () => current && select(current) },
        {
            key: "o",
            does: "Open the page of the change",
            run: () => current && go(changeLink(current.kind, current.id)),
        },
        {
            key: "s",
            does: "Sign off the selected changes, or the open one",
            run: () => (bulk.selected.size ? void bulk.sign() : press(".opened .button.primary")),
        },
        { key: "u", does: "Revoke my sign-off of the open change", run: () => press(".opened [data-revoke] .button") },
    ]);
    return (
        <>
            <BulkBar bulk={bulk} />
            {groups.map(group => (
                <section class="panel group-of-changes" key={group.title}>
                    <header>
                        <h2>{group.title}</h2>
                        <span class="soft">{group.changes.length}</span>
                    </header>
                    <ul>
                        {group.changes.map(change => {
                            const key = changeKey(change);
                            return (
                                <Row
                                    key={key}
                                    change={change}
                                    breaks={breaks.get(key)}
                                    cursor={key === cursor}
                                    open={open.has(key)}
                                    selected={bulk.selected.has(key)}
                                    result={bulk.results.get(key)}
                                    onToggle={() => toggle(change)}
                                    onSelect={() => select(change)}
                                    onSeen={seen => bulk.seen(key, seen)}
                                    reload={reload}
                                />
                            );
                        })}
                    </ul>
                </section>
            ))}
        </>
    );
}

const KINDS = [
    { value: "", text: "All kinds" },
    ...Object.entries(KIND_NAMES).map(([value, text]) => ({ value, text })),
];

export function Page(): JSX.Element {
    const { query } = place.value;
    const kind = (query.get("kind") ?? "") as Kind | "";
    const product = query.get("product") ?? "";
    const data = useData("inbox", signal => allPending(signal));
    const products = [
        ...new Set((data.value ?? []).flatMap(c => [c.product, c.old_product]).filter(p => p !== null)),
    ].sort();
    const shown = (changes: PendingChange[]): PendingChange[] =>
        changes.filter(
            c => (!kind || c.kind === kind) && (!product || c.product === product || c.old_product === product),
        );
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Pending changes</h1>
                <span class="grow" />
                <Select
                    label="Kind"
                    hideLabel
                    value={kind}
                    options={KINDS}
                    onChange={value => setQuery({ kind: value })}
                />
                <Select
                    label="Product"
                    hideLabel
                    value={product}
                    options={[{ value: "", text: "All products" }, ...products.map(p => ({ value: p, text: p }))]}
                    onChange={value => setQuery({ product: value })}
                />
            </div>
            <Loaded data={data}>
                {changes => {
                    const list = shown(changes);
                    return list.length ? (
                        <List changes={list} reload={data.reload} />
                    ) : changes.length ? (
                        <Empty>
                            None of the {changes.length} pending changes fits. <a href={link("/changes")}>Show all</a>
                        </Empty>
                    ) : (
                        <Empty>Nothing is pending.</Empty>
                    );
                }}
            </Loaded>
        </>
    );
}
