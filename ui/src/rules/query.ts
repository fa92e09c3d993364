// A query that a rule fits, made from its columns: to see what a client like that would get, and why.
import { usable, type Values } from "./columns";

const DEFAULTS = {
    version: "1.0",
    buildID: "20200101000000",
    buildTarget: "WINNT_x86_64-msvc-x64",
    locale: "en-US",
    channel: "release",
    osVersion: "Windows_NT 10.0",
    distribution: "default",
};

const first = (list: string | null): string | null => list?.split(",")[0]?.trim() || null;

// A number that satisfies "<100", "<=100", ">100", ">=100" or "100".
function number(condition: string | null): number | null {
    const found = /^([<>]=?)?(\d+)$/.exec(condition?.trim() ?? "");
    if (!found) {
        return null;
    }
    const n = Number(found[2]);
    return found[1] === "<" ? Math.max(0, n - 1) : found[1] === ">" ? n + 1 : n;
}

// "115.0" → "114.0", "115.0.2" → "114.0.2"
function lower(version: string): string {
    const [, major = "1", rest = ""] = /^(\d+)(.*)$/.exec(version) ?? [];
    return Number(major) > 0 ? `${Number(major) - 1}${rest.replace(/[ab].*$/, "")}` : "0.1";
}

// A version that fits the rule's; without one, a version below the release's, which its name has: nobody gets what they have.
function versionOf({ version, mapping }: Partial<Values>): string {
    const condition = first(version ?? null);
    if (!condition) {
        const named = /(\d+(?:\.\d+)+)/.exec(mapping ?? "")?.[1];
        return named ? lower(named) : DEFAULTS.version;
    }
    const [, sign, name = ""] = /^([<>]=?)?(.*)$/.exec(condition) ?? [];
    const whole = name.replace(/\.\*$/, ".0").trim();
    return sign === "<" ? lower(whole) : sign === ">" ? `${whole}.1` : whole;
}

// System capabilities as clients of /update/6 send them.
function capabilities({ instructionSet, memory, jaws }: Partial<Values>): string {
    const parts = [`ISET:${first(instructionSet ?? null) ?? "SSE4_2"}`, `MEM:${number(memory ?? null) ?? 8192}`];
    return [...parts, ...(jaws === null || jaws === undefined ? [] : [`JAWS:${jaws ? 1 : 0}`])].join(",");
}

// The path of a query that fits every column that is set, where a query can say it.
export function queryFor(rule: Partial<Values>): string {
    const product = rule.product ?? "Firefox";
    const channel = rule.channel?.replace(/\*$/, "") || DEFAULTS.channel;
    const os = first(rule.osVersion ?? null) ?? DEFAULTS.osVersion;
    const join = (...parts: string[]): string => parts.map(encodeURIComponent).join("/").replaceAll("%2C", ",");
    if (!usable("buildID", product)) {
        const target = first(rule.buildTarget ?? null) ?? "WINNT_x86_64";
        return `/json/2/${join(product, versionOf(rule), target, channel, os)}/update.json`;
    }
    const path = join(
        product,
        versionOf(rule),
        String(number(rule.buildID ?? null) ?? DEFAULTS.buildID),
        first(rule.buildTarget ?? null) ?? DEFAULTS.buildTarget,
        first(rule.locale ?? null) ?? DEFAULTS.locale,
        channel,
        os,
        capabilities(rule),
        first(rule.distribution ?? null) ?? DEFAULTS.distribution,
        first(rule.distVersion ?? null) ?? DEFAULTS.distribution,
    ).replaceAll("%3A", ":");
    const mig64 = rule.mig64 === null || rule.mig64 === undefined ? "" : `?mig64=${rule.mig64 ? 1 : 0}`;
    return `/update/6/${path}/update.xml${mig64}`;
}
