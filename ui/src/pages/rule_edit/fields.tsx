import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useColumnValues, useReleaseNames } from "../../api/suggestions";
import { Button } from "../../parts/button";
import { Field } from "../../parts/field";
import { Select } from "../../parts/select";
import { COLUMNS, usable, type Column, type ColumnInfo } from "../../rules/columns";
import { wrongIn, type Form } from "../../rules/form";

const RATES = [0, 1, 5, 10, 25, 50, 100];

interface Props {
    form: Form;
    onChange: (changes: Partial<Form>) => void;
    // Fields complain once something was typed.
    touched: boolean;
    needed: Column[];
}

function ReleaseField({
    info,
    form,
    onChange,
    wrong,
}: Props & { info: ColumnInfo; wrong: string | null }): JSX.Element {
    const text = form[info.column];
    const names = useReleaseNames(text);
    const unused = info.column === "fallbackMapping" && form.backgroundRate.trim() === "100" && text;
    const none = info.column === "mapping" && !text && !wrong ? "Empty: clients that it fits get no update" : null;
    return (
        <Field
            label={info.label}
            value={text}
            help={unused ? "Unused: the rate is 100 %" : (none ?? info.help)}
            wrong={wrong}
            suggestions={names}
            onInput={value => onChange({ [info.column]: value })}
        />
    );
}

function RateField({ info, form, onChange, wrong }: Props & { info: ColumnInfo; wrong: string | null }): JSX.Element {
    const text = form.backgroundRate;
    return (
        <div class="stack tight">
            <Field
                label={info.label}
                type="number"
                value={text}
                wrong={wrong}
                onInput={value => onChange({ backgroundRate: value })}
            />
            <div class="row" role="group" aria-label="Usual rates">
                {RATES.map(rate => (
                    <Button
                        key={rate}
                        kind="small"
                        pressed={text.trim() === String(rate)}
                        onClick={() => onChange({ backgroundRate: String(rate) })}>
                        {rate}
                    </Button>
                ))}
            </div>
        </div>
    );
}

const THREE = [
    { value: "", text: "does not matter" },
    { value: "true", text: "yes" },
    { value: "false", text: "no" },
];
const TYPES = [
    { value: "minor", text: "minor" },
    { value: "major", text: "major" },
];

function ColumnField(props: Props & { info: ColumnInfo; values: Record<string, string[]> }): JSX.Element {
    const { info, form, onChange, values } = props;
    const { column, label, kind } = info;
    const wrong = props.touched ? wrongIn(info, form, props.needed) : null;
    const set = (value: string): void => onChange({ [column]: value });
    if (kind === "release") {
        return <ReleaseField {...props} wrong={wrong} />;
    }
    if (kind === "three-state" || kind === "choice") {
        const options = kind === "choice" ? TYPES : THREE;
        return <Select label={label} value={form[column]} options={options} onChange={set} />;
    }
    if (column === "backgroundRate") {
        return <RateField {...props} wrong={wrong} />;
    }
    const misfit = !usable(column, form.product.trim()) && form[column];
    return (
        <Field
            label={label}
            type={kind === "list" || kind === "lines" ? "lines" : kind === "number" ? "number" : "text"}
            value={form[column]}
            help={misfit ? `Queries of ${form.product} do not have this: the rule fits nobody` : info.help}
            wrong={wrong}
            suggestions={values[column]}
            onInput={set}
        />
    );
}

const TITLES = { who: "For whom", what: "What they get", how: "How many, and in which order", note: "Name and note" };

export function Fields(props: Props): JSX.Element {
    const { form } = props;
    const [all, setAll] = useState(false);
    const values = { product: useColumnValues("product"), channel: useColumnValues("channel") };
    const shown = COLUMNS.filter(info => usable(info.column, form.product.trim()) || form[info.column]);
    const folded = shown.filter(info => info.rare && !form[info.column]);
    return (
        <>
            {(["what", "how", "who", "note"] as const).map(group => (
                <fieldset class="panel group" key={group}>
                    <legend class="unseen">{TITLES[group]}</legend>
                    <h2 aria-hidden="true">{TITLES[group]}</h2>
                    <div class="fields">
                        {shown
                            .filter(info => info.group === group && (all || !folded.includes(info)))
                            .map(info => (
                                <ColumnField key={info.column} {...props} info={info} values={values} />
                            ))}
                    </div>
                    {group === "who" && folded.length && !all ? (
                        <Button kind="small quiet" onClick={() => setAll(true)}>
                            {folded.length} more columns
                        </Button>
                    ) : null}
                </fieldset>
            ))}
        </>
    );
}
