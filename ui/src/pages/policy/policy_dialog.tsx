// Which roles have to sign changes of one target, a line each. The first requirement of a target is set at once; all else is
// scheduled, and signed as the present requirements say.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useColumnValues } from "../../api/suggestions";
import { TrialNotes, useTrial } from "../../changes/trial";
import { plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Field } from "../../parts/field";
import { Note } from "../../parts/note";
import { StepList, useSteps } from "../../parts/steps";
import { say } from "../../parts/toast";
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

interface Line {
    role: string;
    number: string;
}

function wrongIn(lines: Line[]): string | null {
    const roles = lines.map(line => line.role.trim());
    if (roles.some(role => !role)) {
        return "Enter a role in each line";
    }
    if (new Set(roles).size < roles.length) {
        return "Each role can stand in one line only";
    }
    return lines.every(line => /^[1-9]\d*$/.test(line.number.trim())) ? null : "Enter whole numbers above 0";
}

function editsOf(target: Target, lines: Line[], policy: Policy): Edit[] {
    const held = policy.required.filter(row => sameTarget(row, target));
    const changed = lines.flatMap(({ role, number }) => {
        const old = held.find(row => row.role === role.trim()) ?? null;
        const now = Number(number);
        return old?.signoffs_required === now ? [] : [{ ...target, role: role.trim(), old, now }];
    });
    const gone = held
        .filter(row => !lines.some(line => line.role.trim() === row.role))
        .map(old => ({ ...target, role: old.role, old, now: null }));
    return [...changed, ...gone];
}

interface TargetProps {
    target: Target;
    onChange: (target: Target) => void;
}

function TargetFields({ target, onChange }: TargetProps): JSX.Element {
    const products = useColumnValues("product");
    const channels = useColumnValues("channel");
    return (
        <>
            <Field
                label="Product"
                value={target.product}
                suggestions={products}
                autofocus
                onInput={product => onChange({ ...target, product })}
            />
            <fieldset class="when">
                <legend class="label">For changes of</legend>
                <div class="row">
                    {[
                        ["what clients of a channel get", ""],
                        ["permissions", null],
                    ].map(([text, channel]) => (
                        <label class="check" key={text}>
                            <input
                                type="radio"
                                name="target"
                                checked={(target.channel === null) === (channel === null)}
                                onChange={() => onChange({ ...target, channel: channel ?? null })}
                            />
                            {text}
                        </label>
                    ))}
                </div>
            </fieldset>
            {target.channel === null ? null : (
                <Field
                    label="Channel"
                    value={target.channel}
                    suggestions={channels.filter(channel => !channel.endsWith("*"))}
                    onInput={channel => onChange({ ...target, channel })}
                />
            )}
        </>
    );
}

interface LinesProps {
    lines: Line[];
    pending: string[];
    policy: Policy;
    onChange: (lines: Line[]) => void;
}

function Lines({ lines, pending, policy, onChange }: LinesProps): JSX.Element {
    const put = (at: number, some: Partial<Line>): void =>
        onChange(lines.map((line, i) => (i === at ? { ...line, ...some } : line)));
    return (
        <div class="stack">
            {lines.map((line, i) => {
                const waits = pending.includes(line.role);
                const holders = policy.holders[line.role.trim()]?.length ?? 0;
                return (
                    <div class="policy-line" key={i}>
                        <Field
                            label="Role"
                            value={line.role}
                            disabled={waits}
                            suggestions={Object.keys(policy.holders)}
                            help={
                                waits
                                    ? "Something is pending: drop it first"
                                    : line.role
                                      ? plural(holders, "holder")
                                      : ""
                            }
                            onInput={role => put(i, { role })}
                        />
                        <Field
                            label="Members"
                            type="number"
                            value={line.number}
                            disabled={waits}
                            onInput={number => put(i, { number })}
                        />
                        <Button
                            kind="small quiet"
                            label={`Remove the line of ${line.role || "a new role"}`}
                            dead={waits ? "Something is pending: drop it first" : null}
                            onClick={() => onChange(lines.filter((_, other) => other !== i))}>
                            Remove
                        </Button>
                    </div>
                );
            })}
            <div class="row">
                <Button kind="small" onClick={() => onChange([...lines, { role: "", number: "1" }])}>
                    Add a role
                </Button>
            </div>
        </div>
    );
}

interface Props {
    target: Target | null; // null: the dialog asks
    product: string; // what the page shows
    policy: Policy;
    onClose: () => void;
    reload: () => Promise<void>;
}

export function PolicyDialog({ target: first, product, policy, onClose, reload }: Props): JSX.Element {
    const [target, setTarget] = useState<Target>(first ?? { product, channel: "" });
    const [start] = useState<Policy>(policy);
    const [lines, setLines] = useState<Line[]>(() => {
        const held = first ? policy.required.filter(row => sameTarget(row, first)) : [];
        const present = held.map(row => ({ role: row.role, number: String(row.signoffs_required) }));
        return present.length ? present : [{ role: "", number: "1" }];
    });
    const named: Target = {
        product: target.product.trim(),
        channel: target.channel === null ? null : target.channel.trim(),
    };
    const isNew = !start.required.some(row => sameTarget(row, named));
    const pending = start.pending.filter(c => sameTarget(targetOf(c), named)).map(c => c.role ?? "");
    const wrong =
        (named.product && named.channel !== "" ? null : "Enter product and channel") ??
        (first || isNew ? null : `${targetName(named)} has requirements already: change them there`) ??
        wrongIn(lines);
    const edits = wrong ? [] : editsOf(named, lines, start);
    const steps = editSteps(edits, isNew);
    const run = useSteps(steps);
    const [done, setDone] = useState(false);
    const one = edits[0];
    const trial = useTrial(one && !done ? JSON.stringify(one) : null, () => tryEdit(one as Edit, isNew));
    const save = async (): Promise<void> => {
        const all = await run.start();
        setDone(all);
        await reload();
        if (all) {
            say(`Saved: sign-offs of ${targetName(named)}`);
            onClose();
        }
    };
    const dead = run.busy
        ? "In progress…"
        : (wrong ??
          (edits.length ? null : "Nothing is changed yet") ??
          (trial.answer ? null : "The server has not agreed yet"));
    return (
        <Dialog
            title={first ? `Sign-offs of ${targetName(first)}` : "Require sign-offs"}
            onClose={onClose}
            onSubmit={() => void save()}>
            {first || run.failed ? null : <TargetFields target={target} onChange={setTarget} />}
            {run.failed ? null : <Lines lines={lines} pending={pending} policy={start} onChange={setLines} />}
            {edits.length > 1 && isNew ? (
                <Note>
                    The first role is set at once. The others are scheduled, and somebody with the first role has to
                    sign them.
                </Note>
            ) : null}
            {wrong && lines.some(line => line.role) ? <span class="wrong">{wrong}</span> : null}
            {edits.length ? <TrialNotes trial={trial} /> : null}
            {edits.length ? <StepList steps={steps} results={run.results} /> : null}
            <div class="actions">
                <Button onClick={onClose}>{run.failed ? "Close" : "Cancel"}</Button>
                <Button submit kind="primary" dead={run.failed && !run.busy ? null : dead}>
                    {run.failed ? "Try the rest again" : isNew ? "Set" : "Schedule"}
                </Button>
            </div>
        </Dialog>
    );
}
