// When one side is chosen: releases of the same product that rules lead to, as the other side.
import type { JSX } from "preact";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { setQuery } from "../../app/router";
import { Loaded } from "../../parts/states";
import { findRelease, type Listed } from "../../releases/api";

async function readInUse(name: string, signal: AbortSignal): Promise<Listed[]> {
    const release = await findRelease(name, signal);
    if (!release) {
        return [];
    }
    const product = release.product ?? undefined;
    const { releases } = await get("/release_index", { query: { product, state: "mapped" }, signal });
    return releases.filter(other => other.name !== name);
}

const channelsOf = ({ used_by: uses = [] }: Listed): string =>
    [
        ...new Set(
            uses.map(use => `${use.channel ?? "every channel"}${use.as === "fallbackMapping" ? " (else)" : ""}`),
        ),
    ].join(", ");

export function InUse({ side, spec }: { side: "left" | "right"; spec: string }): JSX.Element {
    const name = spec.replace(/@\w+$/, "");
    const other = side === "left" ? "right" : "left";
    const data = useData(`in use ${name}`, signal => readInUse(name, signal), { refreshMs: 0, visible: false });
    return (
        <section class="panel" aria-label="In use now">
            <header>
                <h2>Compare with one that is in use</h2>
            </header>
            <div class="body">
                <Loaded data={data}>
                    {releases =>
                        releases.length ? (
                            <ul class="stack tight">
                                {releases.map(release => (
                                    <li key={`${release.kind} ${release.name}`} class="row">
                                        <button
                                            type="button"
                                            class="link"
                                            onClick={() => setQuery({ [other]: release.name })}>
                                            {release.name}
                                        </button>
                                        <span class="soft small">{channelsOf(release)}</span>
                                    </li>
                                ))}
                            </ul>
                        ) : (
                            <p class="soft">No rule leads to another release of its product. Name one above.</p>
                        )
                    }
                </Loaded>
            </div>
        </section>
    );
}
