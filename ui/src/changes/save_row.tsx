// The buttons below a form: at once where nobody has to sign, and as a scheduled change.
import type { JSX } from "preact";
import { Button } from "../parts/button";
import { Mark } from "../parts/mark";

interface Props {
    // What the button that saves at once says; null: there is none.
    now: string | null;
    // What the button that schedules says; null: there is none.
    later: string | null;
    signsAs: string | null | undefined;
    dead: string | null;
    touched: boolean;
    onNow: () => void;
    onLater: () => void;
}

export function SaveRow({ now, later, signsAs, dead, touched, onNow, onLater }: Props): JSX.Element {
    return (
        <div class="row save">
            {now ? (
                <Button kind="primary" dead={dead} onClick={onNow}>
                    {now}
                </Button>
            ) : null}
            {later ? (
                <Button kind={now ? "plain" : "primary"} dead={dead} onClick={onLater}>
                    {later}
                    {signsAs ? `, signs as ${signsAs}` : ""}
                </Button>
            ) : null}
            <kbd>Ctrl Enter</kbd>
            {touched ? <Mark tone="amber">not saved</Mark> : null}
        </div>
    );
}
