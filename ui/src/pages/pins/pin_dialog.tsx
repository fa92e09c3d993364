// Sets a pin, or leads one to another release. Pins need no sign-offs, so it holds at once.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { call, Failure, rehearse, type Schema } from "../../api/client";
import { asFailure } from "../../api/data";
import { useColumnValues, useReleaseNames } from "../../api/suggestions";
import { TrialNotes, useTrial } from "../../changes/trial";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Field } from "../../parts/field";
import { Problem } from "../../parts/problem";
import { say } from "../../parts/toast";

type Pin = Schema["Pin"];

const PATH = "/v2/releases/{name}/pinnable";

const requestOf = ({ product, channel, version, mapping }: Pin) => ({
    path: { name: mapping },
    body: { product, channel, version },
});

// The server never leads a pin to an older release, and says so with a 200.
function demandSet(answer: unknown): void {
    if (answer && typeof answer === "object" && "pin_not_set" in answer) {
        throw new Failure(400, "The pin stays", "It leads to a newer release already. To go back, remove it first.");
    }
}

export function PinDialog(props: { pin: Pin; onClose: () => void; reload: () => Promise<void> }): JSX.Element {
    const { pin, onClose, reload } = props;
    const isNew = !pin.data_version;
    const [form, setForm] = useState(pin);
    const [error, setError] = useState<Failure | null>(null);
    const [busy, setBusy] = useState(false);
    const products = useColumnValues("product");
    const channels = useColumnValues("channel");
    const releases = useReleaseNames(form.mapping);
    const set = (changes: Partial<Pin>): void => setForm(old => ({ ...old, ...changes }));
    const wanted: Pin = {
        product: form.product.trim(),
        channel: form.channel.trim(),
        version: form.version.trim(),
        mapping: form.mapping.trim(),
        data_version: pin.data_version,
    };
    const wrongVersion =
        wanted.version && !/^\d+\.(\d+\.)?$/.test(wanted.version) ? "For example 129. or 129.0." : null;
    const complete = wanted.product && wanted.channel && wanted.version && wanted.mapping && !wrongVersion;
    const same = !isNew && wanted.mapping === pin.mapping;
    const trial = useTrial(complete && !same ? JSON.stringify(wanted) : null, async () => {
        const answer = await rehearse("put", PATH, requestOf(wanted));
        demandSet(answer);
        return answer;
    });
    const save = async (): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            demandSet(await call("put", PATH, requestOf(wanted)));
            say(`${wanted.product} ${wanted.channel} ${wanted.version} is kept at ${wanted.mapping}`);
            await reload();
            onClose();
        } catch (failure) {
            setError(asFailure(failure));
            setBusy(false);
        }
    };
    const dead = busy
        ? "In progress…"
        : !complete
          ? "Fill in all fields"
          : same
            ? "Nothing is changed yet"
            : trial.answer
              ? null
              : "The server has not agreed yet";
    return (
        <Dialog
            title={isNew ? "Set a pin" : `The pin ${pin.product} ${pin.channel} ${pin.version}`}
            onClose={onClose}
            onSubmit={() => void save()}>
            {isNew ? (
                <>
                    <Field
                        label="Product"
                        value={form.product}
                        suggestions={products}
                        autofocus
                        onInput={product => set({ product })}
                    />
                    <Field
                        label="Channel"
                        value={form.channel}
                        suggestions={channels.filter(channel => !channel.endsWith("*"))}
                        onInput={channel => set({ channel })}
                    />
                    <Field
                        label="Pin"
                        value={form.version}
                        wrong={wrongVersion}
                        help="What clients ask for: 129. for any 129, 129.0. for any 129.0"
                        onInput={version => set({ version })}
                    />
                </>
            ) : null}
            <Field
                label="Release"
                value={form.mapping}
                suggestions={releases}
                autofocus={!isNew}
                help="A v2 release whose version lies within the pin"
                onInput={mapping => set({ mapping })}
            />
            {complete && !same ? <TrialNotes trial={trial} /> : null}
            {error ? <Problem error={error} /> : null}
            <div class="actions">
                <Button onClick={onClose}>Cancel</Button>
                <Button submit kind="primary" dead={dead}>
                    {isNew ? "Set" : "Change"}
                </Button>
            </div>
        </Dialog>
    );
}
