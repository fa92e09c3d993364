// Grants a permission, or changes what it is limited to. The server says beside the form what that needs.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Failure } from "../../api/client";
import { asFailure } from "../../api/data";
import { user } from "../../api/session";
import { useColumnValues } from "../../api/suggestions";
import { TrialNotes, useTrial } from "../../changes/trial";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Field } from "../../parts/field";
import { Note } from "../../parts/note";
import { Problem } from "../../parts/problem";
import { Select } from "../../parts/select";
import { say } from "../../parts/toast";
import { setOptions, tryOptions, type Held } from "../../people/api";
import {
    fromLimits,
    infoOf,
    sameOptions,
    sentence,
    splitNames,
    toLimits,
    type Limits,
    type Options,
} from "../../people/permissions";

interface FieldsProps {
    permission: string;
    limits: Limits;
    onChange: (changes: Partial<Limits>) => void;
}

function ActionBoxes({ permission, limits, onChange }: FieldsProps): JSX.Element | null {
    const info = infoOf(permission);
    const all = Object.keys(info?.actions ?? {});
    // Limits that the UI does not know are shown as they are.
    const shown = [...new Set([...all, ...limits.actions])];
    if (!shown.length) {
        return null;
    }
    const toggle = (action: string, on: boolean): void =>
        onChange({ actions: shown.filter(other => (other === action ? on : limits.actions.includes(other))) });
    return (
        <fieldset class="when">
            <legend class="label">Which actions</legend>
            <div class="row">
                {shown.map(action => (
                    <label class="check" key={action}>
                        <input
                            type="checkbox"
                            checked={limits.actions.includes(action)}
                            onChange={event => toggle(action, event.currentTarget.checked)}
                        />
                        {action}
                    </label>
                ))}
            </div>
            {limits.actions.length ? null : <span class="wrong">Choose one at least</span>}
            {permission === "permission" && !limits.actions.includes("view") ? (
                <span class="help soft small">Without “view” they cannot see what others may do, nor grant roles.</span>
            ) : null}
        </fieldset>
    );
}

function Products({ permission, limits, onChange }: FieldsProps): JSX.Element | null {
    const known = useColumnValues("product");
    const chosen = splitNames(limits.products);
    if (!infoOf(permission)?.products) {
        return null;
    }
    const toggle = (product: string): void => {
        const now = chosen.includes(product) ? chosen.filter(other => other !== product) : [...chosen, product];
        onChange({ products: now.join(", ") });
    };
    return (
        <div class="stack tight">
            <Field
                label="Only for these products"
                value={limits.products}
                onInput={products => onChange({ products })}
                help="Separated by commas. Empty: for every product"
            />
            <div class="row" role="group" aria-label="Products that have rules">
                {known.map(product => (
                    <Button
                        key={product}
                        kind="small"
                        pressed={chosen.includes(product)}
                        onClick={() => toggle(product)}>
                        {product}
                    </Button>
                ))}
            </div>
        </div>
    );
}

interface Props {
    held: Held;
    // Which permissions can be granted; without it, the one of `held` is meant.
    choices?: string[];
    onClose: () => void;
    onDone: () => Promise<void>;
}

// What is in force or pending: the form starts with it.
const startOf = ({ granted, pending }: Held): Options => (pending ? pending.options : (granted?.options ?? null));

export function PermissionDialog({ held: first, choices, onClose, onDone }: Props): JSX.Element {
    const [permission, setPermission] = useState(first.permission);
    const [limits, setLimits] = useState(() => toLimits(first.permission, startOf(first)));
    const [error, setError] = useState<Failure | null>(null);
    const [busy, setBusy] = useState(false);
    const held = { ...first, permission };
    const { username, granted, pending } = held;
    const options = fromLimits(permission, limits);
    const limited = Object.keys(infoOf(permission)?.actions ?? {}).length > 0;
    const wrong = limited && !limits.actions.length ? "Choose one action at least" : null;
    const drops = !!pending && !!granted && sameOptions(options, granted.options);
    const same = drops || (!choices && sameOptions(options, startOf(held)));
    const key = wrong || same ? null : JSON.stringify([permission, options]);
    const trial = useTrial(key, () => tryOptions(held, options));
    const needs = Object.keys(trial.answer?.required_signoffs ?? {}).length > 0;
    const direct = !pending && !!trial.answer && !needs;
    const dead = busy
        ? "In progress…"
        : (wrong ??
          (drops ? null : same ? "Nothing is changed yet" : trial.answer ? null : "The server has not agreed yet"));
    const save = async (): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            say(`${await setOptions(held, options, direct)}: “${permission}” of ${username}`);
            await onDone();
            onClose();
        } catch (failure) {
            setError(asFailure(failure));
            setBusy(false);
        }
    };
    const lost = Object.keys(pending?.signoffs ?? {}).filter(name => name !== user.value?.username);
    const does = drops
        ? "Drop the pending change"
        : pending
          ? "Save"
          : direct
            ? granted
                ? "Change"
                : "Grant"
            : "Schedule";
    return (
        <Dialog
            title={choices ? `Grant ${username} a permission` : `“${permission}” of ${username}`}
            onClose={onClose}
            onSubmit={() => void save()}>
            {choices ? (
                <Select
                    label="Permission"
                    value={permission}
                    options={choices.map(value => ({ value, text: value }))}
                    onChange={value => {
                        setPermission(value);
                        setLimits(old => ({ ...toLimits(value, null), products: old.products }));
                    }}
                />
            ) : null}
            <ActionBoxes permission={permission} limits={limits} onChange={some => setLimits({ ...limits, ...some })} />
            <Products permission={permission} limits={limits} onChange={some => setLimits({ ...limits, ...some })} />
            {wrong ? null : (
                <div class="was-will">
                    {granted ? (
                        <p class="old">
                            <span class="sign" aria-label="is">
                                −
                            </span>
                            {sentence(permission, granted.options)}
                        </p>
                    ) : null}
                    <p class="new">
                        <span class="sign" aria-label="will be">
                            +
                        </span>
                        {sentence(permission, options)}
                    </p>
                </div>
            )}
            {drops ? <Note>This is what holds now: the pending change is dropped.</Note> : null}
            {same ? null : <TrialNotes trial={trial} lost={lost} />}
            {error ? <Problem error={error} /> : null}
            <div class="actions">
                <Button onClick={onClose}>Cancel</Button>
                <Button submit kind="primary" dead={dead}>
                    {does}
                </Button>
            </div>
        </Dialog>
    );
}
