// Clients' queries over time, by version: what the chart and its table show.
import type { Schema } from "../api/client";

export type UptakeSeries = Schema["UptakeSeries"];

export const SHOWN = 4;

export interface Layer {
    version: string | null; // null: all others
    queries: number; // in all steps
    values: number[]; // by step
}

export interface Chart {
    at: number[];
    total: number[];
    layers: Layer[]; // newest version first
}

// "130.0.2" before "130.0", "99.0" after both
export function compareVersions(a: string, b: string): number {
    const parts = (text: string): number[] => text.split(/[^0-9]+/).map(Number);
    const [x, y] = [parts(a), parts(b)];
    for (let i = 0; i < Math.max(x.length, y.length); i++) {
        const difference = (x[i] ?? 0) - (y[i] ?? 0);
        if (difference) {
            return difference;
        }
    }
    return a.localeCompare(b);
}

// The most frequent versions, each as a layer, and one layer for the rest. Steps without queries at the end are left out: they have
// only begun, and have no shares.
export function toChart({ series: all }: UptakeSeries): Chart {
    const series = all.slice(0, 1 + all.map(point => point.queries > 0).lastIndexOf(true));
    const sums = new Map<string, number>();
    for (const { versions } of series) {
        for (const [version, n] of Object.entries(versions)) {
            sums.set(version, (sums.get(version) ?? 0) + n);
        }
    }
    const shown = [...sums]
        .sort((a, b) => b[1] - a[1])
        .slice(0, SHOWN)
        .map(([version]) => version)
        .sort((a, b) => compareVersions(b, a));
    const layers: Layer[] = shown.map(version => ({
        version,
        queries: sums.get(version) ?? 0,
        values: series.map(point => point.versions[version] ?? 0),
    }));
    const rest = series.map(point =>
        Math.max(0, point.queries - shown.reduce((sum, version) => sum + (point.versions[version] ?? 0), 0)),
    );
    const others = rest.reduce((sum, n) => sum + n, 0);
    if (others) {
        layers.push({ version: null, queries: others, values: rest });
    }
    return { at: series.map(point => point.at), total: series.map(point => point.queries), layers };
}

export const layerName = ({ version }: Layer): string => version ?? "others";

// The outline of each layer in a box of the given size, stacked from below. `share`: every step is as high as the box.
export function outlines(chart: Chart, width: number, height: number, share: boolean): string[] {
    const { at, total, layers } = chart;
    const most = Math.max(1, ...total);
    const first = at[0] ?? 0;
    const span = Math.max(1, (at[at.length - 1] ?? 0) - first);
    const x = (i: number): number => (at.length < 2 ? i * width : (width * ((at[i] ?? 0) - first)) / span);
    const below = at.map(() => 0);
    // One step alone is drawn as a bar over the whole width.
    const steps = at.length === 1 ? [0, 0] : at.map((_, i) => i);
    const y = (i: number, n: number): number => height - (height * n) / Math.max(1, share ? (total[i] ?? 0) : most);
    const point = (i: number, step: number, n: number): string => `${x(i).toFixed(1)},${y(step, n).toFixed(1)}`;
    return layers.map(({ values }) => {
        const lower = steps.map((step, i) => point(i, step, below[step] ?? 0));
        values.forEach((n, i) => (below[i] = (below[i] ?? 0) + n));
        const upper = steps.map((step, i) => point(i, step, below[step] ?? 0));
        return [...upper, ...lower.reverse()].join(" ");
    });
}
