import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Failure } from "../api/client";
import { asFailure } from "../api/data";
import { cannotWrite } from "../api/session";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Problem } from "./problem";

interface Props {
    title: string;
    does: string; // what the button says
    danger?: boolean;
    dead?: string | null; // why it cannot be done yet
    onClose: () => void;
    run: () => Promise<void>;
    children: ComponentChildren;
}

// Asks before something is done. The focus starts on Cancel, so that Enter alone does nothing.
export function Confirm(props: Props): JSX.Element {
    const [error, setError] = useState<Failure | null>(null);
    const [busy, setBusy] = useState(false);
    const run = async (): Promise<void> => {
        setBusy(true);
        try {
            await props.run();
            props.onClose();
        } catch (failure) {
            setError(asFailure(failure));
            setBusy(false);
        }
    };
    return (
        <Dialog title={props.title} danger={props.danger} onClose={props.onClose} onSubmit={() => void run()}>
            {props.children}
            {error ? <Problem error={error} /> : null}
            <div class="actions">
                <Button onClick={props.onClose} autofocus>
                    Cancel
                </Button>
                <Button
                    submit
                    kind={props.danger ? "danger primary" : "primary"}
                    dead={busy ? "In progress…" : (cannotWrite() ?? props.dead ?? null)}>
                    {props.does}
                </Button>
            </div>
        </Dialog>
    );
}
