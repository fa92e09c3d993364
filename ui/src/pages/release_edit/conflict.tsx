import type { JSX } from "preact";
import { Button } from "../../parts/button";
import type { Conflict, Json } from "../../releases/merge";

export interface Clash {
    taken: string[];
    open: Conflict[];
}

interface Props {
    clash: Clash;
    onChoose: (conflict: Conflict, value: Json | undefined) => void;
}

const LONGEST = 160;
const LISTED = 5;

function short(value: Json | undefined): string {
    if (value === undefined) {
        return "nothing";
    }
    const text = JSON.stringify(value);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function takenWords(taken: string[]): string {
    const more = taken.length - LISTED;
    return `${taken.slice(0, LISTED).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

// The places that both changed, as they were, as they are now, and as I want them.
export function ReleaseConflict({ clash, onChoose }: Props): JSX.Element {
    return (
        <section class="note amber stack" role="alert" aria-label="Changed by somebody else">
            <p>
                <strong>Somebody else has changed this meanwhile.</strong> Nothing of yours is lost.
                {clash.taken.length ? ` Taken from them: ${takenWords(clash.taken)}.` : ""}
            </p>
            {clash.open.length ? (
                <table class="clash cards">
                    <thead>
                        <tr>
                            <th scope="col">Place</th>
                            <th scope="col">Was</th>
                            <th scope="col">Now</th>
                            <th scope="col">Mine</th>
                        </tr>
                    </thead>
                    <tbody>
                        {clash.open.map(conflict => (
                            <tr key={conflict.pointer}>
                                <td class="mono">{conflict.pointer}</td>
                                <td class="mono">{short(conflict.was)}</td>
                                <td>
                                    <Button kind="small" onClick={() => onChoose(conflict, conflict.now)}>
                                        {short(conflict.now)}
                                    </Button>
                                </td>
                                <td>
                                    <Button kind="small" onClick={() => onChoose(conflict, conflict.mine)}>
                                        {short(conflict.mine)}
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
