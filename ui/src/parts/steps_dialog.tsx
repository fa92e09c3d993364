// Asks before several requests are sent, and shows the result of each.
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { StepList, useSteps, type Step } from "./steps";

interface Props {
    title: string;
    does: string; // what the button says
    steps: Step[]; // as they were when the dialog was opened: the list must not change while requests are sent
    dead?: string | null; // why it cannot be done yet
    onClose: () => void;
    reload: () => Promise<void>;
    children: ComponentChildren;
}

export function StepsDialog({ title, does, steps, dead, onClose, reload, children }: Props): JSX.Element {
    const run = useSteps(steps);
    const [done, setDone] = useState(false);
    const start = async (): Promise<void> => {
        setDone(await run.start());
        await reload();
    };
    return (
        <Dialog title={title} danger onClose={onClose} onSubmit={() => void start()}>
            {children}
            {steps.length ? <StepList steps={steps} results={run.results} /> : <p>There is nothing left to do.</p>}
            <div class="actions">
                <Button onClick={onClose} autofocus>
                    {done || run.failed ? "Close" : "Cancel"}
                </Button>
                {done || !steps.length ? null : (
                    <Button submit kind="danger primary" dead={run.busy ? "In progress…" : (dead ?? null)}>
                        {run.failed ? "Try the rest again" : does}
                    </Button>
                )}
            </div>
        </Dialog>
    );
}
