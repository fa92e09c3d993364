// Several requests that belong together, sent one after the other, with the result of each: some may fail when others are done.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Failure } from "../api/client";
import { asFailure } from "../api/data";

export interface Step {
    name: string;
    run: () => Promise<void>;
}

type Result = "waits" | "done" | Failure;

export interface StepsRun {
    results: Result[];
    busy: boolean;
    failed: boolean;
    // Sends what is not done yet. Resolves to whether everything is done.
    start: () => Promise<boolean>;
}

export function useSteps(steps: Step[]): StepsRun {
    const [results, setResults] = useState<Result[]>([]);
    const [busy, setBusy] = useState(false);
    const start = async (): Promise<boolean> => {
        setBusy(true);
        const now: Result[] = steps.map((_, i) => (results[i] === "done" ? "done" : "waits"));
        setResults([...now]);
        for (const [i, step] of steps.entries()) {
            if (now[i] !== "done") {
                now[i] = await step.run().then(
                    () => "done" as const,
                    error => asFailure(error),
                );
                setResults([...now]);
            }
        }
        setBusy(false);
        return now.every(result => result === "done");
    };
    const failed = results.some(result => result !== "waits" && result !== "done");
    return { results, busy, failed, start };
}

export function StepList({ steps, results }: { steps: Step[]; results: Result[] }): JSX.Element {
    return (
        <ul class="steps" role="status">
            {steps.map(({ name }, i) => {
                const result = results[i] ?? "waits";
                const mark = result === "waits" ? "○" : result === "done" ? "✓" : "✗";
                const tone = result === "waits" ? "plain" : result === "done" ? "green" : "red";
                const word = result === "waits" ? "not yet" : result === "done" ? "done" : "failed";
                return (
                    <li key={name}>
                        <span class={`mark ${tone}`}>
                            <span aria-hidden="true">{mark}</span> {word}
                        </span>
                        <span>
                            {name}
                            {typeof result === "object" ? <span class="wrong">: {result.message}</span> : null}
                        </span>
                    </li>
                );
            })}
        </ul>
    );
}
