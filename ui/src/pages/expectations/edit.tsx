import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { call, post, type Failure } from "../../api/client";
import { asFailure } from "../../api/data";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Field } from "../../parts/field";
import { Problem } from "../../parts/problem";
import { Select } from "../../parts/select";
import { say } from "../../parts/toast";
import { EMPTY, mustOf, toForm, type Expectation, type Form } from "./must";

interface Props {
    // Null: a new one.
    expectation: Expectation | null;
    product: string;
    onClose: () => void;
    reload: () => Promise<void>;
}

const UPDATES = [
    { value: "always", text: "always" },
    { value: "maybe", text: "maybe: none is as good" },
    { value: "never", text: "never" },
];

async function save(form: Form, expectation: Expectation | null): Promise<void> {
    const { product, name } = form;
    const columns = { query: form.query.trim(), must: mustOf(form), comment: form.comment.trim() || null };
    if (expectation) {
        const { data_version } = expectation;
        await call("put", "/expectations/{product}/{name}", {
            path: { product, name },
            body: { ...columns, data_version },
        });
    } else {
        await post("/expectations", { body: { ...columns, product: product.trim(), name: name.trim() } });
    }
}

export function Edit({ expectation, product, onClose, reload }: Props): JSX.Element {
    const [form, setForm] = useState<Form>(expectation ? toForm(expectation) : { ...EMPTY, product });
    const [error, setError] = useState<Failure | null>(null);
    const [busy, setBusy] = useState(false);
    const field = (name: Exclude<keyof Form, "no_downgrade">): { value: string; onInput: (text: string) => void } => ({
        value: form[name],
        onInput: text => setForm(old => ({ ...old, [name]: text })),
    });
    const lacks = [form.product, form.name, form.query].some(text => !text.trim());
    const submit = async (): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            await save(form, expectation);
            say(`Saved: expectation ${form.name}`);
            await reload();
            onClose();
        } catch (failure) {
            setError(asFailure(failure));
            setBusy(false);
        }
    };
    const never = form.update === "never";
    return (
        <Dialog
            title={expectation ? `Edit “${expectation.name}”` : "New expectation"}
            onClose={onClose}
            onSubmit={() => void submit()}>
            <div class="fields">
                <Field label="Product" {...field("product")} disabled={!!expectation} autofocus={!expectation} />
                <Field label="Name" {...field("name")} disabled={!!expectation} />
            </div>
            <Field
                label="URL of an update query"
                type="lines"
                {...field("query")}
                placeholder="/update/6/Firefox/128.0/…/update.xml"
                autofocus={!!expectation}
            />
            <Select
                label="It gets an update"
                value={form.update}
                options={UPDATES}
                onChange={update => setForm(old => ({ ...old, update: update as Form["update"] }))}
            />
            {never ? null : (
                <>
                    <Field label="To one of these releases" type="lines" {...field("mapping")} help="One per line" />
                    <div class="fields">
                        <Field label="At least version" {...field("min_version")} />
                        <Field label="Below version" {...field("below_version")} />
                    </div>
                    <label class="check">
                        <input
                            type="checkbox"
                            checked={form.no_downgrade}
                            onChange={event => {
                                const no_downgrade = event.currentTarget.checked;
                                setForm(old => ({ ...old, no_downgrade }));
                            }}
                        />
                        Never a downgrade
                    </label>
                </>
            )}
            <Field label="Comment" {...field("comment")} />
            {error?.outdated ? (
                <p class="note amber" role="alert">
                    Somebody else has changed this expectation. Close the dialog to see it as it is now.
                </p>
            ) : error ? (
                <Problem error={error} />
            ) : null}
            <div class="actions">
                <Button onClick={onClose}>Cancel</Button>
                <Button
                    submit
                    kind="primary"
                    dead={busy ? "In progress…" : lacks ? "Product, name and URL are needed" : null}>
                    Save
                </Button>
            </div>
        </Dialog>
    );
}
