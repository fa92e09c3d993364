// What is probably not meant about a change: the server's warnings, and the expectations that it would break.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { post, type Body, type Schema } from "../api/client";
import { useSettled, type Settled } from "../api/settled";
import { link, segment } from "../app/router";
import { plural } from "../format/number";
import { Mark } from "../parts/mark";
import { Problem } from "../parts/problem";
import type { Edits } from "./effect";
import { changeLink } from "./words";

const SETTLED_MS = 800;

// The expectations that edits, which nobody has saved, would break.
export function useBroken(edits: Edits | null): Settled<Schema["ExpectationCheck"]> {
    const key = useMemo(() => (edits ? JSON.stringify(edits) : null), [edits]); // long, if it has a release's document
    return useSettled(key, SETTLED_MS, async signal => {
        const body = { changes: edits ?? [] } as Body<"/expectations/check", "post">;
        return (await post("/expectations/check", { body, signal })) as Schema["ExpectationCheck"];
    });
}

export const expectationLink = (product: string, name: string): string =>
    link("/expectations", { product }, `name=${segment(name)}`);

interface BrokenOne {
    product: string;
    name: string;
    why: string;
}

// `count`: of all, of which `list` may be only the first ones.
export function BrokenList(props: { list: BrokenOne[]; count: number; blocked: boolean }): JSX.Element {
    const { list, count, blocked } = props;
    return (
        <div class="stack tight">
            <p>
                <Mark tone="red">! breaks {plural(count, "expectation")}</Mark>
                {blocked ? " It cannot be made as long as they hold." : ""}
            </p>
            <ul class="stack tight">
                {list.map(({ product, name, why }) => (
                    <li key={`${product} ${name}`}>
                        <a href={expectationLink(product, name)}>{name}</a>{" "}
                        <span class="soft">
                            {product}: {why}
                        </span>
                    </li>
                ))}
            </ul>
            {count > list.length ? <p class="soft small">and {count - list.length} more</p> : null}
        </div>
    );
}

export function Broken({ check }: { check: Settled<Schema["ExpectationCheck"]> }): JSX.Element | null {
    const { answer, error } = check;
    if (error) {
        return <Problem error={error} />;
    }
    const list = answer?.broken.filter(one => one.newly) ?? [];
    return list.length ? <BrokenList list={list} count={list.length} blocked={!!answer?.blocked} /> : null;
}

// What /pending says of a change.
export function Breaks({ breaks }: { breaks: Schema["PendingEntry"]["breaks"] }): JSX.Element | null {
    if (!breaks) {
        return null;
    }
    if (breaks.unknown) {
        return <p class="soft small">Whether it breaks expectations is not known: {breaks.unknown}</p>;
    }
    return breaks.count ? (
        <BrokenList list={breaks.expectations ?? []} count={breaks.count} blocked={!!breaks.blocked} />
    ) : null;
}

function Others({ warning }: { warning: Schema["Warning"] }): JSX.Element {
    const { rule_id: one, rule_ids: several = [], sc_id: change } = warning;
    return (
        <>
            {[...(one === undefined ? [] : [one]), ...several].map(id => (
                <span key={id}>
                    {" "}
                    <a href={link(`/rules/${id}`)}>rule {id}</a>
                </span>
            ))}
            {change === undefined ? null : (
                <>
                    {" "}
                    <a href={changeLink("rules", change)}>change {change}</a>
                </>
            )}
        </>
    );
}

export function Warnings({ warnings }: { warnings: Schema["Warning"][] }): JSX.Element | null {
    if (!warnings.length) {
        return null;
    }
    return (
        <ul class="stack tight">
            {warnings.map((warning, i) => (
                <li key={`${warning.code} ${i}`} class={`note ${warning.severity === "danger" ? "red" : "amber"}`}>
                    <strong>{warning.severity === "danger" ? "Danger: " : ""}</strong>
                    {warning.detail}
                    <Others warning={warning} />
                </li>
            ))}
        </ul>
    );
}
