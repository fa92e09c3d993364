import type { JSX } from "preact";
import { Button } from "../../parts/button";
import { labelOf, type Column } from "../../rules/columns";
import type { Form } from "../../rules/form";

export interface Clash {
    was: Form;
    now: Form;
    taken: Column[];
    open: Column[];
}

interface Props {
    clash: Clash;
    form: Form;
    onChoose: (column: Column, value: string) => void;
}

// The columns that both changed, as they were, as they are now, and as I want them.
export function Conflict({ clash, form, onChoose }: Props): JSX.Element {
    return (
        <section class="note amber stack" role="alert" aria-label="Changed by somebody else">
            <p>
                <strong>Somebody else has changed this meanwhile.</strong> Nothing of yours is lost.
                {clash.taken.length ? ` Taken from them: ${clash.taken.map(labelOf).join(", ")}.` : ""}
            </p>
            {clash.open.length ? (
                <table class="clash">
                    <thead>
                        <tr>
                            <th scope="col">Column</th>
                            <th scope="col">Was</th>
                            <th scope="col">Now</th>
                            <th scope="col">Mine</th>
                        </tr>
                    </thead>
                    <tbody>
                        {clash.open.map(column => (
                            <tr key={column}>
                                <td>{labelOf(column)}</td>
                                <td>{clash.was[column] || "not set"}</td>
                                <td>
                                    <Button kind="small" onClick={() => onChoose(column, clash.now[column])}>
                                        {clash.now[column] || "not set"}
                                    </Button>
                                </td>
                                <td>
                                    <Button kind="small" onClick={() => onChoose(column, form[column])}>
                                        {form[column] || "not set"}
                                    </Button>
                                </td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            ) : (
                <p>Look at the change beside the form, and save again.</p>
            )}
        </section>
    );
}
