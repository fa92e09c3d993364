// Ends one permission or all of them. Each request is reported by itself: some may fail when others are done.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useData } from "../../api/data";
import { refreshShared } from "../../api/shared";
import { listNeeded } from "../../changes/trial";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Loaded } from "../../parts/states";
import { StepList, useSteps } from "../../parts/steps";
import { endSteps, tryEnd, type Held } from "../../people/api";

interface Props {
    title: string;
    all: Held[];
    onClose: () => void;
    reload: () => Promise<void>;
}

async function needs(all: Held[]): Promise<{ permission: string; needed: string }[]> {
    const found: { permission: string; needed: string }[] = [];
    for (const held of all.filter(one => one.granted && one.pending?.change_type !== "delete")) {
        found.push({ permission: held.permission, needed: listNeeded(await tryEnd(held)) });
    }
    return found;
}

export function EndDialog({ title, all, onClose, reload }: Props): JSX.Element {
    // As it was when the dialog was opened: the list must not change while requests are sent.
    const [steps] = useState(() => endSteps(all));
    const run = useSteps(steps);
    const [done, setDone] = useState(false);
    const needed = useData("end", () => needs(all), { refreshMs: 0, visible: false });
    const start = async (): Promise<void> => {
        setDone(await run.start());
        void refreshShared();
        await reload();
    };
    const dead = run.busy ? "In progress…" : needed.value ? null : "It is not known yet who has to sign";
    return (
        <Dialog title={title} danger onClose={onClose} onSubmit={() => void start()}>
            <Loaded data={needed}>
                {list => (
                    <ul>
                        {list.map(({ permission, needed: who }) => (
                            <li key={permission}>
                                “{permission}” ends {who ? `once these have signed: ${who}` : "at once"}.
                            </li>
                        ))}
                    </ul>
                )}
            </Loaded>
            {steps.length ? <StepList steps={steps} results={run.results} /> : <p>There is nothing left to do.</p>}
            <div class="actions">
                <Button onClick={onClose} autofocus>
                    {done || run.failed ? "Close" : "Cancel"}
                </Button>
                {done || !steps.length ? null : (
                    <Button submit kind="danger primary" dead={dead}>
                        {run.failed ? "Try the rest again" : "End"}
                    </Button>
                )}
            </div>
        </Dialog>
    );
}
