// Which locales each platform has, from which builds, and which ones are missing that another platform has.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get, type Schema } from "../../api/client";
import { useData } from "../../api/data";
import { plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Loaded } from "../../parts/states";
import { join } from "../../releases/pointer";

type Member = Schema["ReleaseMember"];

const PAGE = 1000;

interface Platform {
    name: string;
    aliases: string[]; // platforms that are this one under another name
    locales: string[];
    builds: string[]; // build IDs of its locales
}

// All members of what is at `pointer`, or none if nothing is.
async function readMembers(spec: string, pointer: string, signal: AbortSignal): Promise<Member[]> {
    const members: Member[] = [];
    let after: number | undefined;
    do {
        const part = await get("/release_part", { query: { name: spec, pointer, limit: PAGE, after }, signal });
        members.push(...(part.members ?? []));
        after = part.next ?? undefined;
    } while (after !== undefined);
    return members;
}

function memberOf(member: Member, name: string): string | null {
    const value = (member.value as Record<string, unknown> | undefined)?.[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

async function readPlatforms(spec: string, signal: AbortSignal): Promise<Platform[]> {
    const all = await readMembers(spec, "/platforms", signal);
    const platforms: Platform[] = [];
    for (const { name } of all.filter(member => !memberOf(member, "alias"))) {
        const locales = await readMembers(spec, join(join("/platforms", name), "locales"), signal);
        platforms.push({
            name: String(name),
            aliases: all.filter(member => memberOf(member, "alias") === name).map(member => String(member.name)),
            locales: locales.map(locale => String(locale.name)).sort(),
            builds: [...new Set(locales.flatMap(locale => memberOf(locale, "buildID") ?? []))].sort(),
        });
    }
    return platforms;
}

function Row({ platform, all }: { platform: Platform; all: string[] }): JSX.Element {
    const { name, aliases, locales, builds } = platform;
    const missing = all.filter(locale => !locales.includes(locale));
    return (
        <li class="stack tight">
            <div class="row">
                <strong>{name}</strong>
                <span class="soft small">{builds.length ? `build ${builds.join(", ")}` : ""}</span>
            </div>
            {aliases.length ? <p class="soft small">also {aliases.join(", ")}</p> : null}
            {missing.length ? (
                <p>
                    <Mark tone="amber">! {missing.length} missing</Mark> {missing.join(", ")}
                </p>
            ) : null}
            <details>
                <summary>{plural(locales.length, "locale")}</summary>
                <p>{locales.join(", ")}</p>
            </details>
        </li>
    );
}

// `spec` names the release and its state, as /release_part does.
export function Locales({ spec }: { spec: string }): JSX.Element {
    const [wanted, setWanted] = useState(false);
    const data = useData(wanted ? `locales ${spec}` : null, signal => readPlatforms(spec, signal), {
        refreshMs: 0,
        visible: false,
    });
    return (
        <section class="panel" aria-label="Locales">
            <header>
                <h2>Locales</h2>
                {wanted ? null : (
                    <Button kind="small" onClick={() => setWanted(true)}>
                        Show
                    </Button>
                )}
            </header>
            <div class="body">
                {wanted ? (
                    <Loaded data={data}>
                        {platforms => {
                            const all = [...new Set(platforms.flatMap(({ locales }) => locales))].sort();
                            return (
                                <ul class="stack">
                                    {platforms.map(platform => (
                                        <Row key={platform.name} platform={platform} all={all} />
                                    ))}
                                </ul>
                            );
                        }}
                    </Loaded>
                ) : (
                    <p class="soft">The locales of each platform, and which ones only other platforms have.</p>
                )}
            </div>
        </section>
    );
}
