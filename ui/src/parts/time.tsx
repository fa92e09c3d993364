import type { JSX } from "preact";
import { second } from "../format/clock";
import { local, relative, utc } from "../format/time";

// "in 59 min", with UTC and local time in its tooltip.
export function Relative({ at }: { at: number }): JSX.Element {
    return (
        <time dateTime={new Date(at).toISOString()} title={`${utc(at)} UTC · ${local(at)} here`}>
            {relative(at, second.value)}
        </time>
    );
}

// "2026-11-28 14:00 UTC (in 59 min)"
export function Moment({ at }: { at: number }): JSX.Element {
    return (
        <span>
            <time dateTime={new Date(at).toISOString()} title={`${local(at)} here`}>
                {utc(at)} UTC
            </time>{" "}
            <span class="soft">({relative(at, second.value)})</span>
        </span>
    );
}
