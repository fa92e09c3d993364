// Partial stops: stops with conditions, which have the names of a rule's columns. Only clients that match all of them are stopped.
import type { PartialStop, Stop } from "../api/shared";
import { labelOf } from "../rules/columns";

const CONDITIONS = [
    "buildTarget",
    "version",
    "locale",
    "osVersion",
    "buildID",
    "memory",
    "instructionSet",
    "jaws",
    "mig64",
    "distribution",
    "distVersion",
    "headerArchitecture",
] as const;

// Those that the dialog offers; the API takes all.
export const OFFERED = ["buildTarget", "version", "locale", "osVersion", "buildID"] as const;
export type Conditions = Partial<Record<(typeof OFFERED)[number], string>>;

export type AnyStop = Stop | PartialStop;
export const isPartial = (stop: AnyStop): stop is PartialStop => "stop_id" in stop;
export const stopKey = (stop: AnyStop): string =>
    isPartial(stop) ? String(stop.stop_id) : `${stop.product} ${stop.channel}`;

// "build target WINNT_x86_64-msvc, version <130.0"
export function phraseOf(conditions: Partial<Record<string, unknown>>): string {
    return CONDITIONS.filter(name => ![null, undefined, ""].includes(conditions[name] as string | null | undefined))
        .map(name => `${labelOf(name).toLowerCase()} ${String(conditions[name])}`)
        .join(", ");
}

// "Firefox release", "Firefox release, only version <130.0"
export function stopName(stop: AnyStop): string {
    const whole = `${stop.product} ${stop.channel}`;
    return isPartial(stop) ? `${whole}, only ${phraseOf(stop)}` : whole;
}
