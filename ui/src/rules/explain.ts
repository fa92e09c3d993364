// Where Explain shows what a client that a rule fits would get; with its pending change beside now.
import { link } from "../app/router";
import { shownRow, type Item } from "./list";
import { queryFor } from "./query";

export function explainLink(item: Item): string {
    return link("/explain", {
        path: queryFor(shownRow(item)),
        rule: item.rule?.rule_id,
        with: item.pending ? `rules:${item.pending.sc_id}` : null,
    });
}
