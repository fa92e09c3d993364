// Ends one permission or all of them. Each request is reported by itself: some may fail when others are done.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useData } from "../../api/data";
import { refreshShared } from "../../api/shared";
import { listNeeded } from "../../changes/trial";
import { Loaded } from "../../parts/states";
import { StepsDialog } from "../../parts/steps_dialog";
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
    const [steps] = useState(() => endSteps(all));
    const needed = useData("end", () => needs(all), { refreshMs: 0, visible: false });
    return (
        <StepsDialog
            title={title}
            does="End"
            steps={steps}
            dead={needed.value ? null : "It is not known yet who has to sign"}
            onClose={onClose}
            reload={async () => {
                void refreshShared();
                await reload();
            }}>
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
        </StepsDialog>
    );
}
