// What clients ask with, a product and channel at a time: how many queries, and the share of the newest version.
import { useEffect, useState } from "preact/hooks";
import { get, Failure, type Schema } from "../../api/client";

export interface Trend {
    perMinute: number;
    version: string | null;
    shares: number[]; // of the newest version, the oldest step first
}

const STEP_S = 1800;
const REFRESH_MS = 300_000;

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

// One after the other, because each asks all public hosts. Where queries are not known at all, the first refusal ends it.
export function useTrends(pairs: { product: string; channel: string }[]): Map<string, Trend> {
    const [trends, setTrends] = useState<Map<string, Trend>>(new Map());
    const key = JSON.stringify(pairs);
    useEffect(() => {
        const abort = new AbortController();
        const load = async (): Promise<void> => {
            for (const { product, channel } of pairs) {
                try {
                    const query = { product, channel, step_s: STEP_S };
                    const trend = trendOf(await get("/uptake", { query, signal: abort.signal }));
                    setTrends(old => new Map(old).set(`${product} ${channel}`, trend));
                } catch (error) {
                    if (abort.signal.aborted || (error instanceof Failure && error.status === 503)) {
                        return;
                    }
                }
            }
        };
        void load();
        const timer = setInterval(() => !document.hidden && void load(), REFRESH_MS);
        return () => {
            clearInterval(timer);
            abort.abort();
        };
    }, [key]);
    return trends;
}
