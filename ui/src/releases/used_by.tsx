// What leads to a release: rules and pins, linked.
import type { JSX } from "preact";
import { link } from "../app/router";
import { plural } from "../format/number";
import type { Listed } from "./api";

type Use = NonNullable<Listed["used_by"]>[number];

function ruleLink({ rule_id, product, channel }: Use): string {
    return link("/rules", { product, channel: channel?.replace(/\*$/, "") }, `ruleId=${rule_id}`);
}

// `most`: how many are shown.
export function UsedBy({ release, most }: { release: Listed; most: number }): JSX.Element | null {
    const { used_by: rules = [], used_by_count: count = 0, pins = 0, product } = release;
    if (!count && !pins) {
        return null;
    }
    const shown = rules.slice(0, most);
    return (
        <ul class="used-by">
            {shown.map(use => (
                <li key={`${use.rule_id} ${use.as}`}>
                    <a href={ruleLink(use)}>{use.alias ?? `rule ${use.rule_id}`}</a>{" "}
                    <span class="soft small">
                        {[use.product === product ? null : use.product, use.channel].filter(Boolean).join(" ")}
                        {use.as === "fallbackMapping" ? " (else)" : ""}
                    </span>
                </li>
            ))}
            {count > shown.length ? (
                <li class="soft small">and {plural(count - shown.length, "more use")} by rules</li>
            ) : null}
            {pins ? (
                <li>
                    <a href={link("/pins", { product })}>{plural(pins, "pin")}</a>
                </li>
            ) : null}
        </ul>
    );
}
