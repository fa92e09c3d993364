// The inbox: everything that is pending, grouped by what it means for me.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useData } from "../../api/data";
import { freshness } from "../../api/share";
import { roles, user } from "../../api/session";
import { go, link, place, setQuery } from "../../app/router";
import { allPending, KIND_NAMES, type Kind, type PendingChange } from "../../changes/api";
import { Content } from "../../changes/content";
import { SignControl, SignoffList } from "../../changes/sign_control";
import { openRoles, signoffSentence } from "../../changes/signoffs";
import { changeKey, changeLink, headline, scopeOf, stateTone, stateWord } from "../../changes/words";
import { useKeys } from "../../keys/keys";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import { Relative } from "../../parts/time";

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

interface RowProps {
    change: PendingChange;
    cursor: boolean;
    open: boolean;
    onToggle: () => void;
    reload: () => Promise<void>;
}

function Row({ change, cursor, open, onToggle, reload }: RowProps): JSX.Element {
    return (
        <li class={`change ${cursor ? "cursor" : ""} ${freshness(change)}`} id={changeKey(change)}>
            <div class="line">
                <button type="button" class="open grow" aria-expanded={open} onClick={onToggle}>
                    <strong>{headline(change)}</strong> <span class="soft">{scopeOf(change)}</span>
                    <br />
                    <span class="soft small">
                        {signoffSentence(change)} · by {change.scheduled_by}
                    </span>
                </button>
                <span class="right">
                    <Mark tone={stateTone(change)}>{stateWord(change)}</Mark>
                    <span class="soft small">{change.when ? <Relative at={change.when} /> : "with uptake"}</span>
                </span>
            </div>
            {open ? (
                <div class="stack opened">
                    {change.failed ? <Note tone="red">The agent could not make it: {change.failed.what}</Note> : null}
                    <Content change={change} />
                    <SignoffList change={change} />
                    <div class="row">
                        <SignControl change={change} title={headline(change)} onDone={reload} />
                        <a href={changeLink(change.kind, change.id)}>Effect, edit, drop</a>
                    </div>
                </div>
            ) : null}
        </li>
    );
}

function List({ changes, reload }: { changes: PendingChange[]; reload: () => Promise<void> }): JSX.Element {
    const groups = grouped(changes, user.value?.username ?? "", roles.value);
    const all = groups.flatMap(group => group.changes);
    const [cursor, setCursor] = useState<string | null>(null);
    const [open, setOpen] = useState<string | null>(null);
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
        setOpen(open === changeKey(change) ? null : changeKey(change));
    };
    const current = all[at];
    useKeys([
        { key: "j", does: "Next change", run: () => move(1) },
        { key: "k", does: "Previous change", run: () => move(-1) },
        { key: "Enter", does: "Open or close the change", run: () => current && toggle(current) },
        {
            key: "o",
            does: "Open the page of the change",
            run: () => current && go(changeLink(current.kind, current.id)),
        },
        {
            key: "s",
            does: "Sign off the open change",
            run: () => document.querySelector<HTMLElement>(".opened .button.primary")?.click(),
        },
    ]);
    return (
        <>
            {groups.map(group => (
                <section class="panel group-of-changes" key={group.title}>
                    <header>
                        <h2>{group.title}</h2>
                        <span class="soft">{group.changes.length}</span>
                    </header>
                    <ul>
                        {group.changes.map(change => (
                            <Row
                                key={changeKey(change)}
                                change={change}
                                cursor={changeKey(change) === cursor}
                                open={changeKey(change) === open}
                                onToggle={() => toggle(change)}
                                reload={reload}
                            />
                        ))}
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
