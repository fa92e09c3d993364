// Both documents as sorted text, compared line by line: read when somebody wants it, and drawn a part at a time.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { Button } from "../../parts/button";
import { Loaded } from "../../parts/states";
import type { Sides } from "./page";

const LINES = 1000;

async function readText({ left, right, pointer }: Sides, signal: AbortSignal): Promise<string[]> {
    const query = { left, right, pointer: pointer || undefined, format: "text" as const };
    // The document has the type of the other format.
    const text = (await get("/release_diff", { query, signal })) as unknown as string;
    return text.split("\n");
}

function lineClass(line: string): string | undefined {
    if (/^(?:\+\+\+|---|@@)/.test(line)) {
        return "soft";
    }
    return line.startsWith("+") ? "new" : line.startsWith("-") ? "old" : undefined;
}

export function Raw({ sides }: { sides: Sides }): JSX.Element {
    const [wanted, setWanted] = useState(false);
    const [shown, setShown] = useState(LINES);
    const data = useData(wanted ? "text" : null, signal => readText(sides, signal), { refreshMs: 0, visible: false });
    return (
        <section class="panel" aria-label="As text">
            <header>
                <h2>As text</h2>
                {wanted ? null : (
                    <Button kind="small" onClick={() => setWanted(true)}>
                        Show
                    </Button>
                )}
            </header>
            {wanted ? (
                <div class="body">
                    <Loaded data={data}>
                        {lines => (
                            <>
                                <pre class="unified" tabIndex={0} aria-label="Unified difference">
                                    {lines.slice(0, shown).map((line, i) => (
                                        <div key={i} class={lineClass(line)}>
                                            {line || " "}
                                        </div>
                                    ))}
                                </pre>
                                {lines.length > shown ? (
                                    <Button kind="small" onClick={() => setShown(shown + LINES)}>
                                        Next {LINES} of {lines.length} lines
                                    </Button>
                                ) : null}
                            </>
                        )}
                    </Loaded>
                </div>
            ) : null}
        </section>
    );
}
