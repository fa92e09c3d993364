import type { JSX } from "preact";

// How far something has come, as a bar with words beside it.
export function Progress({ now, whole, text }: { now: number; whole: number; text: string }): JSX.Element {
    const share = whole > 0 ? Math.min(100, (100 * now) / whole) : 0;
    return (
        <span class="progress">
            <span
                class="track"
                role="progressbar"
                aria-label={text}
                aria-valuemin={0}
                aria-valuemax={100}
                aria-valuenow={Math.round(share)}>
                <span class="fill" style={{ width: `${share}%` }} />
            </span>
            <span class="nowrap">{text}</span>
        </span>
    );
}
