// One rule in the table, at three densities; open, it shows everything, with the pending change and what can be done.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { freshness } from "../../api/share";
import { signoffSentence } from "../../changes/signoffs";
import { Mark } from "../../parts/mark";
import { Rate } from "../../parts/rate";
import { Relative } from "../../parts/time";
import { ReleaseName } from "../../releases/release_name";
import type { Rule } from "../../rules/columns";
import { changesOf, shownRow, type FuturePlace, type Item } from "../../rules/list";
import { phrase } from "../../rules/phrase";
import { Details } from "./details";
import type { Density } from "./view";

interface Props {
    item: Item;
    density: Density;
    cursor: boolean;
    open: boolean;
    past: boolean; // as it was at a moment: nothing can be done
    since?: ComponentChildren; // what has changed since that moment
    now: Rule[] | null; // the rules of now, if they are shown as they were
    onToggle: () => void;
    reload: () => Promise<void>;
}

export const itemKey = (item: Item): string => (item.rule ? `rule-${item.rule.rule_id}` : `sc-${item.pending?.sc_id}`);

const TYPES = { insert: "new rule", update: "changes", delete: "is deleted" };

export function PendingMark({ item }: { item: Item }): JSX.Element | null {
    const { pending } = item;
    if (!pending) {
        return null;
    }
    const tone = pending.change_type === "delete" ? "red" : "amber";
    return (
        <Mark tone={tone} title={`${TYPES[pending.change_type]}; ${signoffSentence(pending)}`}>
            <span>
                {TYPES[pending.change_type]} {pending.when ? <Relative at={pending.when} /> : "with uptake"}
            </span>
        </Mark>
    );
}

function Scope({ item }: { item: Item }): JSX.Element {
    const row = shownRow(item);
    return (
        <>
            <span class="product">{row.product ?? "every product"}</span>{" "}
            <span class={row.channel ? "" : "soft"}>{row.channel ?? "every channel"}</span>
            {item.moves ? (
                <>
                    {" "}
                    <Mark tone="accent">{item.moves}</Mark>
                </>
            ) : null}
        </>
    );
}

function Release({ name }: { name: string | null }): JSX.Element {
    return name ? <ReleaseName name={name} /> : <span class="soft">no update</span>;
}

function Target({ item, density }: { item: Item; density: Density }): JSX.Element {
    const row = shownRow(item);
    const changes = changesOf(item);
    const unused = row.backgroundRate === 100;
    return (
        <>
            <Release name={row.mapping} />
            {changes["mapping"] && item.rule ? (
                <div class="next">
                    <span aria-hidden="true">→ </span>
                    <span class="unseen">becomes </span>
                    <Release name={item.pending?.mapping ?? null} />
                </div>
            ) : null}
            {density === "normal" && row.fallbackMapping ? (
                <div class="soft small">
                    else <ReleaseName name={row.fallbackMapping} />
                    {unused ? " (unused: the rate is 100 %)" : ""}
                </div>
            ) : null}
        </>
    );
}

// Where a rule will stand once its pending change is made.
export function FutureRow({ place }: { place: FuturePlace }): JSX.Element {
    const { rule, pending } = place.of;
    return (
        <tbody class="future">
            <tr>
                <td class="number">{place.priority}</td>
                <td colSpan={6}>
                    <a href={`#ruleId=${rule?.rule_id}`}>{rule?.alias ?? `rule ${rule?.rule_id}`}</a>{" "}
                    <span class="soft">
                        will stand here {pending?.when ? <Relative at={pending.when} /> : "with the uptake"}, now at{" "}
                        {rule?.priority}
                    </span>
                </td>
            </tr>
        </tbody>
    );
}

export function RuleRow(props: Props): JSX.Element {
    const { item, density, cursor, open } = props;
    const row = shownRow(item);
    const changes = changesOf(item);
    const next = item.rule ? changes : {};
    const ref = useRef<HTMLTableRowElement>(null);
    useEffect(() => {
        if (cursor) {
            ref.current?.scrollIntoView({ block: "nearest" });
        }
    }, [cursor]);
    const name = row.alias ?? (row.rule_id === null ? "new" : String(row.rule_id));
    const who = phrase(row);
    return (
        <tbody
            class={`rule ${density} ${item.rule ? "" : "insertion"} ${freshness(item.rule) || freshness(item.pending)}`}
            id={itemKey(item)}>
            <tr ref={ref} class={cursor ? "cursor" : ""}>
                <td class="number">
                    {row.priority}
                    {next["priority"] ? <strong> → {String(next["priority"][1])}</strong> : null}
                </td>
                <td>
                    <span>
                        <Scope item={item} />
                    </span>
                </td>
                <td>
                    <div>
                        <Target item={item} density={density} />
                    </div>
                </td>
                <td>
                    <Rate
                        rate={row.backgroundRate}
                        next={next["backgroundRate"] ? (next["backgroundRate"][1] as number | null) : undefined}
                    />
                </td>
                <td class={who ? "" : "soft"}>
                    <div>
                        {who || "everybody"}
                        {density === "normal" && row.comment ? <div class="soft small">{row.comment}</div> : null}
                    </div>
                </td>
                <td>{item.pending ? <PendingMark item={item} /> : (props.since ?? null)}</td>
                <td class="name">
                    <span>
                        <button
                            type="button"
                            class="open"
                            aria-expanded={open}
                            onClick={props.onToggle}
                            title={item.rule ? `Rule ${item.rule.rule_id}` : `Scheduled change ${item.pending?.sc_id}`}>
                            {name}
                        </button>
                        {row.alias && item.rule ? <span class="soft small"> {item.rule.rule_id}</span> : null}
                    </span>
                </td>
            </tr>
            {open ? (
                <tr class="details">
                    <td colSpan={7}>
                        <Details item={item} past={props.past} now={props.now} reload={props.reload} />
                    </td>
                </tr>
            ) : null}
        </tbody>
    );
}
