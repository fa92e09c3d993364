// What is wrong with the service, from its own figures.
import type { Schema } from "../../api/client";
import { plural } from "../../format/number";
import { duration } from "../../format/time";

export type Status = Schema["Status"];
export type Instance = Schema["Instance"];

export interface Finding {
    tone: "red" | "amber";
    text: string;
    href?: string;
}

const LATE_MS = 60_000;
const OLD_SNAPSHOT_MS = 60_000;

export function figure(instance: Instance, name: string): number | null {
    const value = instance.detail?.[name];
    return typeof value === "number" ? value : null;
}

export interface Failing {
    kind: string;
    id: string | number;
    what: string | null;
    next: number | null;
}

export function failingOf(agent: Instance): Failing[] {
    const list = agent.detail?.["failing"];
    return Array.isArray(list) ? (list as Failing[]) : [];
}

export const programs = (instances: Instance[], program: string): Instance[] =>
    instances.filter(instance => instance.program === program);

const place = ({ host, pid }: Instance): string => `${host}, process ${pid}`;

function ofPublic(all: Instance[], newest: number): Finding[] {
    const found: Finding[] = all.flatMap(instance => {
        const id = figure(instance, "feed_id");
        const age = figure(instance, "snapshot_age_ms");
        const lines: Finding[] = [];
        if (id !== null && id < newest) {
            lines.push({
                tone: "amber",
                text: `balrog-public on ${place(instance)} serves change ${id}, the newest is ${newest}.`,
            });
        }
        if (age !== null && age > OLD_SNAPSHOT_MS) {
            lines.push({
                tone: "red",
                text: `balrog-public on ${place(instance)} has not seen the database for ${duration(age)}.`,
            });
        }
        return lines;
    });
    return all.length ? found : [{ tone: "red", text: "No balrog-public runs: clients get no answer from here." }];
}

function ofAgents(all: Instance[], now: number): Finding[] {
    if (!all.length) {
        return [{ tone: "red", text: "No balrog-agent runs: scheduled changes are not made." }];
    }
    return all.flatMap(agent => {
        const good = figure(agent, "last_good_run_at");
        const lines: Finding[] = [];
        if (good && now - good > LATE_MS + 1000 * (figure(agent, "interval_s") ?? 0)) {
            lines.push({
                tone: "red",
                text: `The agent on ${place(agent)} had its last run without a failure ${duration(now - good)} ago.`,
            });
        }
        const failing = failingOf(agent).length;
        if (failing) {
            lines.push({ tone: "red", text: `The agent cannot make ${plural(failing, "change")}.`, href: "#failing" });
        }
        return lines;
    });
}

// After that, whoever looks at this page has seen it.
const RECENT_MS = 3_600_000;

// Empty: all is well. `gone`: programs that reported within a day, and neither live nor have said that they end.
export function findings(status: Status, gone: Instance[], now: number): Finding[] {
    const { database, instances = [], feed, odd_pins: odd = [] } = status;
    if (!database.reachable) {
        return [
            { tone: "red", text: "The database cannot be reached: nothing can be changed, and much is not known." },
        ];
    }
    const found = [
        ...ofPublic(programs(instances, "balrog-public"), feed?.newest_id ?? 0),
        ...ofAgents(programs(instances, "balrog-agent"), now),
    ];
    const silent = gone.filter(({ seen_at: at }) => now - at < RECENT_MS).length;
    const versions = new Set(instances.map(instance => instance.version));
    const add = (condition: boolean, tone: Finding["tone"], text: string, href?: string): void => {
        if (condition) {
            found.push({ tone, text, href });
        }
    };
    add(silent > 0, "amber", `${plural(silent, "program")} went silent without ending: see below.`);
    add(odd.length > 0, "amber", `Pins that lead nowhere: ${odd.length}.`, "/ui/pins");
    add(versions.size > 1, "amber", `Programs of different versions run: ${[...versions].sort().join(", ")}.`);
    add(
        database.connections.refused > 0,
        "amber",
        `${plural(database.connections.refused, "request")} got no database connection in time.`,
    );
    return found;
}
