import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useData } from "../../api/data";
import { listNeeded } from "../../changes/trial";
import { drop } from "../../changes/api";
import { Loaded } from "../../parts/states";
import type { Step } from "../../parts/steps";
import { StepsDialog } from "../../parts/steps_dialog";
import {
    editSteps,
    sameTarget,
    targetName,
    targetOf,
    tryEdit,
    type Edit,
    type Policy,
    type Target,
} from "../../people/policy";

// What is pending for a role is dropped before its deletion is scheduled; a deletion that is pending stays.
function deletion(target: Target, policy: Policy): { edits: Edit[]; steps: Step[] } {
    const pending = policy.pending.filter(change => sameTarget(targetOf(change), target));
    const edits = policy.required
        .filter(row => sameTarget(row, target))
        .filter(row => !pending.some(c => c.role === row.role && c.change_type === "delete"))
        .map(old => ({ ...target, role: old.role, old, now: null }));
    const drops = pending
        .filter(change => change.change_type !== "delete")
        .map(change => ({ name: `Drop what is pending for ${change.role}`, run: () => drop(change) }));
    return { edits, steps: [...drops, ...editSteps(edits, false)] };
}

interface Props {
    target: Target;
    policy: Policy;
    onClose: () => void;
    reload: () => Promise<void>;
}

// Each role is one request, reported by itself.
export function DeleteAll({ target, policy, onClose, reload }: Props): JSX.Element {
    const [{ edits, steps }] = useState(() => deletion(target, policy));
    // A role with something pending cannot be tried; all roles of a target need the same sign-offs.
    const free = edits.find(edit => !policy.pending.some(c => c.role === edit.role && sameTarget(targetOf(c), target)));
    const needed = useData(
        free ? "delete all" : null,
        async () => (free ? (await tryEdit(free, false)).required_signoffs : {}),
        { refreshMs: 0, visible: false },
    );
    return (
        <StepsDialog
            title={`Delete all required sign-offs of ${targetName(target)}?`}
            does="Delete all"
            steps={steps}
            onClose={onClose}
            reload={reload}>
            <p>Once they are deleted, one person alone can change what {targetName(target)} gets.</p>
            {free ? (
                <Loaded data={needed}>
                    {list => <p>Each deletion waits for the sign-offs that are required now: {listNeeded(list)}.</p>}
                </Loaded>
            ) : null}
        </StepsDialog>
    );
}
