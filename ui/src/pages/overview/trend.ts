// How many clients ask, and the share of the newest version, from the queries of a product and channel.
import type { Schema } from "../../api/client";

export interface Trend {
    perMinute: number;
    version: string | null;
    shares: number[]; // of the newest version, the oldest step first
}

const numbers = (version: string): number[] => version.split(/[^0-9]+/).map(Number);

export function laterVersion(a: string, b: string): boolean {
    const [left, right] = [numbers(a), numbers(b)];
    for (let i = 0; i < Math.max(left.length, right.length); i++) {
        if ((left[i] ?? 0) !== (right[i] ?? 0)) {
            return (left[i] ?? 0) > (right[i] ?? 0);
        }
    }
    return false;
}

export function trendOf({ series, step_s }: Pick<Schema["UptakeSeries"], "series" | "step_s">): Trend {
    const versions = series.flatMap(step => Object.keys(step.versions));
    const version = versions.reduce<string | null>(
        (best, v) => (best === null || laterVersion(v, best) ? v : best),
        null,
    );
    // The newest step is still being filled.
    const complete = series.length > 1 ? series.slice(0, -1) : series;
    const last = complete[complete.length - 1];
    return {
        perMinute: last ? last.queries / (step_s / 60) : 0,
        version,
        shares: complete.map(step => (version && step.queries ? (step.versions[version] ?? 0) / step.queries : 0)),
    };
}
