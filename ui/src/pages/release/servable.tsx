import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Loaded } from "../../parts/states";
import type { Listed } from "../../releases/api";

const SHOWN = 20;

// Each platform and locale is asked as a client would ask. That reads the whole release, so it is done when somebody wants it.
export function Servable({ release }: { release: Listed }): JSX.Element {
    const { name, kind, data_version } = release;
    const [wanted, setWanted] = useState(false);
    const data = useData(
        wanted ? `servable ${data_version}` : null,
        signal =>
            kind === "v2"
                ? get("/v2/releases/{name}/servable", { path: { name }, signal })
                : get("/releases/{release}/servable", { path: { release: name }, signal }),
        { refreshMs: 0, visible: false },
    );
    return (
        <section class="panel" aria-label="Would it be served?">
            <header>
                <h2>Would it be served?</h2>
                {wanted ? null : (
                    <Button kind="small" onClick={() => setWanted(true)}>
                        Check
                    </Button>
                )}
            </header>
            <div class="body" role="status">
                {wanted ? (
                    <Loaded data={data}>
                        {({ servable, count, problems }) =>
                            servable ? (
                                <Mark tone="green">✓ Every platform and locale is served</Mark>
                            ) : (
                                <div class="stack">
                                    <p>
                                        <Mark tone="red">! {plural(count, "problem")}</Mark>
                                    </p>
                                    <ul class="stack tight">
                                        {problems.slice(0, SHOWN).map((problem, i) => (
                                            <li key={i}>
                                                {problem.what}{" "}
                                                <span class="soft small">
                                                    {[problem.platform, problem.locale, problem.channel]
                                                        .filter(Boolean)
                                                        .join(" · ")}
                                                </span>
                                            </li>
                                        ))}
                                    </ul>
                                    {count > SHOWN ? <p class="soft">and {count - SHOWN} more</p> : null}
                                </div>
                            )
                        }
                    </Loaded>
                ) : (
                    <p class="soft">Asks each platform and locale as a client would, before a rule leads here.</p>
                )}
            </div>
        </section>
    );
}
