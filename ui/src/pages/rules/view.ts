// What the address of the rules page says, and what it is remembered by.
import { signal } from "@preact/signals";
import { place } from "../../app/router";
import type { Filter } from "../../rules/list";

export const DENSITIES = ["compact", "normal", "full"] as const;
export type Density = (typeof DENSITIES)[number];

const STORED = "balrog.density";
// Above this number of rules, compact is preset.
const MANY = 50;

export const chosenDensity = signal<Density | null>(DENSITIES.find(d => d === localStorage.getItem(STORED)) ?? null);

export function chooseDensity(density: Density): void {
    chosenDensity.value = density;
    localStorage.setItem(STORED, density);
}

export function densityFor(count: number): Density {
    return chosenDensity.value ?? (count > MANY ? "compact" : "normal");
}

export interface View extends Filter {
    timestamp: number | null;
    ruleId: number | null;
    scId: number | null;
}

export function currentView(): View {
    const { query, hash } = place.value;
    const timestamp = Number(query.get("timestamp"));
    const target = /^(ruleId|scId)=(\d+)$/.exec(hash);
    return {
        product: query.get("product") ?? "",
        channel: query.get("channel") ?? "",
        words: query.get("q") ?? "",
        onlyPending: query.get("onlyScheduledChanges") === "1",
        timestamp: timestamp > 0 ? timestamp : null,
        ruleId: target?.[1] === "ruleId" ? Number(target[2]) : null,
        scId: target?.[1] === "scId" ? Number(target[2]) : null,
    };
}
