// What clients ask with, a product and channel at a time: how many queries, and the share of the newest version.
import { useEffect, useState } from "preact/hooks";
import { get, Failure } from "../../api/client";
import { trendOf, type Trend } from "./trend";

const STEP_S = 1800;
const REFRESH_MS = 300_000;

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
