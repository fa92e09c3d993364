import type { JSX } from "preact";

// The share of clients that get the mapping; `next`: what a pending change makes of it.
export function Rate({ rate, next }: { rate: number | null; next?: number | null }): JSX.Element {
    const shown = rate ?? 0;
    return (
        <span class="rate">
            <span class="track" aria-hidden="true">
                <span class="fill" style={{ width: `${shown}%` }} />
            </span>
            {next !== undefined && next !== rate ? `${shown} → ${next ?? 0} %` : `${shown} %`}
        </span>
    );
}
