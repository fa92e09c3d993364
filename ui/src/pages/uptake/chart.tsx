import type { JSX } from "preact";
import { count, percent } from "../../format/number";
import { local, utc } from "../../format/time";
import { layerName, outlines, toChart, type UptakeSeries } from "../../uptake/series";

const WIDTH = 960;
const HEIGHT = 240;
const GRID = [0.25, 0.5, 0.75];
const ROWS = 12;

const clock = (ms: number): string => utc(ms).slice(11);

// Versions over time, stacked, newest at the bottom. The same numbers stand in a table below it.
export function Chart({ data, share }: { data: UptakeSeries; share: boolean }): JSX.Element {
    const chart = toChart(data);
    const { at, total, layers } = chart;
    const whole = total.reduce((sum, n) => sum + n, 0);
    const most = Math.max(...total);
    const shapes = outlines(chart, WIDTH, HEIGHT, share);
    const first = at[0] ?? 0;
    const last = at[at.length - 1] ?? 0;
    const spoken = layers.map(layer => `${layerName(layer)}: ${percent(layer.queries, whole)}`).join(", ");
    return (
        <figure class="chart">
            <div class="plot">
                <div class="scale" aria-hidden="true">
                    <span>{share ? "100 %" : count(most)}</span>
                    <span>{share ? "50 %" : count(most / 2)}</span>
                    <span>0</span>
                </div>
                <svg
                    viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
                    preserveAspectRatio="none"
                    role="img"
                    aria-label={`Versions over time. Of all queries: ${spoken}`}>
                    {shapes.map((points, i) => (
                        <polygon key={i} points={points} class={`layer-${layers[i]?.version === null ? "rest" : i}`} />
                    ))}
                    {GRID.map(y => (
                        <line key={y} x1={0} x2={WIDTH} y1={HEIGHT * y} y2={HEIGHT * y} class="grid-line" />
                    ))}
                </svg>
                <div class="hours" aria-hidden="true">
                    <span>{clock(first)}</span>
                    <span>{clock((first + last) / 2)}</span>
                    <span>{clock(last)} UTC</span>
                </div>
            </div>
            <figcaption>
                <ul class="legend">
                    {layers.map((layer, i) => (
                        <li key={layerName(layer)}>
                            <span class={`swatch layer-${layer.version === null ? "rest" : i}`} aria-hidden="true" />
                            {layerName(layer)} <strong>{percent(layer.queries, whole)}</strong>
                        </li>
                    ))}
                </ul>
            </figcaption>
        </figure>
    );
}

// The chart in numbers: at most a dozen rows, each the sum of some steps, newest first.
export function Numbers({ data }: { data: UptakeSeries }): JSX.Element {
    const { at, total, layers } = toChart(data);
    const step = Math.max(1, Math.ceil(at.length / ROWS));
    const rows = at
        .map((_, i) => i)
        .filter(i => i % step === 0)
        .reverse();
    const sum = (values: number[], from: number): number => values.slice(from, from + step).reduce((a, b) => a + b, 0);
    return (
        <details>
            <summary>As a table</summary>
            <div class="table-box">
                <table aria-label="Queries by version over time">
                    <thead>
                        <tr>
                            <th scope="col">From (UTC)</th>
                            <th scope="col" class="number">
                                Queries
                            </th>
                            {layers.map(layer => (
                                <th scope="col" class="number" key={layerName(layer)}>
                                    {layerName(layer)}
                                </th>
                            ))}
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map(i => (
                            <tr key={i}>
                                <th scope="row" class="nowrap" title={`${local(at[i] ?? 0)} here`}>
                                    {utc(at[i] ?? 0)}
                                </th>
                                <td class="number">{count(sum(total, i))}</td>
                                {layers.map(layer => (
                                    <td class="number" key={layerName(layer)}>
                                        {percent(sum(layer.values, i), sum(total, i))}
                                    </td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </details>
    );
}
