import type { JSX } from "preact";

const WIDTH = 120;
const HEIGHT = 24;

// A line without axes; what it says stands beside it in words. Values are between 0 and 1, the oldest first.
export function Sparkline({ values }: { values: number[] }): JSX.Element | null {
    if (values.length < 2) {
        return null;
    }
    const points = values.map((value, i) => {
        const x = (i / (values.length - 1)) * WIDTH;
        return `${x.toFixed(1)},${(1 + (1 - value) * (HEIGHT - 2)).toFixed(1)}`;
    });
    return (
        <svg
            class="sparkline"
            viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
            height={HEIGHT}
            preserveAspectRatio="none"
            aria-hidden="true">
            <polyline points={points.join(" ")} />
        </svg>
    );
}
