// The products and channels that updates can be stopped for: those that rules name. They are read once somebody who may stop
// updates is logged in, so that the list is there before the key is pressed.
import { signal } from "@preact/signals";
import { get } from "../api/client";
import { may, user } from "../api/session";
import { place } from "../app/router";
import { scopes } from "../rules/list";
import type { Rule } from "../rules/columns";

export interface Pair {
    product: string;
    channel: string;
}

const STORED = "balrog.stopped";

export const pairs = signal<Pair[]>([]);
// The platforms that rules name.
export const platforms = signal<string[]>([]);

export function startPairs(): void {
    user.subscribe(async me => {
        if (!me || !may("emergency_shutoff", "create")) {
            return;
        }
        const answer = await get("/rules").catch(() => null);
        if (answer) {
            const rules = answer.rules as Rule[];
            const found = scopes(rules);
            platforms.value = [...new Set(rules.flatMap(rule => rule.buildTarget ?? []))].sort();
            pairs.value = [...found].flatMap(([product, channels]) => channels.map(channel => ({ product, channel })));
        }
    });
}

export const samePair = (a: Pair, b: Pair): boolean => a.product === b.product && a.channel === b.channel;

// What the page is about; else what was stopped last in this browser.
function likely(): Pair | null {
    const product = place.value.query.get("product");
    const channel = place.value.query.get("channel");
    if (product && channel) {
        return { product, channel };
    }
    const [lastProduct, lastChannel] = (localStorage.getItem(STORED) ?? "").split("\t");
    return lastProduct && lastChannel ? { product: lastProduct, channel: lastChannel } : null;
}

export function remember({ product, channel }: Pair): void {
    localStorage.setItem(STORED, `${product}\t${channel}`);
}

// The pairs that have the words, the likely one first. A product and a channel that no rule names can be typed whole.
export function findPairs(text: string): Pair[] {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const first = likely();
    const known = [...(first ? [first] : []), ...pairs.value.filter(pair => !first || !samePair(pair, first))].filter(
        pair => pair.product && may("emergency_shutoff", "create", pair.product),
    );
    const found = known.filter(pair =>
        words.every(word => `${pair.product} ${pair.channel}`.toLowerCase().includes(word)),
    );
    const [product, channel, more] = text.trim().split(/\s+/);
    if (product && channel && !more && !channel.includes("*")) {
        const typed = { product, channel };
        return found.some(pair => samePair(pair, typed)) ? found : [...found, typed];
    }
    return found;
}

// The channels of the same product that go on.
export function others(stopped: Pair): string[] {
    return pairs.value
        .filter(pair => pair.product === stopped.product && pair.channel !== stopped.channel)
        .map(pair => pair.channel);
}
