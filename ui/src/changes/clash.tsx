// What is shown when somebody else has changed what is edited: nothing that was typed is lost, and what both changed is decided here.
import type { JSX } from "preact";
import { Button } from "../parts/button";

export interface ClashRow {
    place: string;
    was: string;
    now: string;
    mine: string;
    onNow: () => void;
    onMine: () => void;
}

interface Props {
    of: string; // what a place is: a column, a place in a document
    taken: string; // the places of which theirs was taken; "" for none
    rows: ClashRow[];
    kind?: "mono";
}

export function ClashNote({ of, taken, rows, kind }: Props): JSX.Element {
    return (
        <section class="note amber stack" role="alert" aria-label="Changed by somebody else">
            <p>
                <strong>Somebody else has changed this meanwhile.</strong> Nothing of yours is lost.
                {taken ? ` Taken from them: ${taken}.` : ""}
            </p>
            {rows.length ? (
                <table class="clash cards">
                    <thead>
                        <tr>
                            <th scope="col">{of}</th>
                            <th scope="col">Was</th>
                            <th scope="col">Now</th>
                            <th scope="col">Mine</th>
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map(row => (
                            <tr key={row.place}>
                                <td class={kind}>{row.place}</td>
                                <td class={kind} data-of="was">
                                    {row.was}
                                </td>
                                <td data-of="now">
                                    <Button kind="small" onClick={row.onNow}>
                                        {row.now}
                                    </Button>
                                </td>
                                <td data-of="mine">
                                    <Button kind="small" onClick={row.onMine}>
                                        {row.mine}
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
