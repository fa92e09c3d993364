import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { finishLogin, method } from "../api/credentials";
import { logIn, user } from "../api/session";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";

// Logging in beside whatever is shown: forms stay as they are, and the request that needed it goes out again.
export function Login(): JSX.Element {
    const [name, setName] = useState(user.value?.username ?? "");
    const [password, setPassword] = useState("");
    const [wrong, setWrong] = useState<string | null>(null);
    const [busy, setBusy] = useState(false);
    const submit = async (): Promise<void> => {
        setBusy(true);
        setWrong(await logIn(name, password));
        setBusy(false);
    };
    if (method.value !== "password") {
        return (
            <Dialog title="You are not logged in" onClose={() => finishLogin(false)}>
                <p>
                    This site knows its users by their certificates, or by a service in front of it, and it did not
                    recognize you. Choose a certificate in your browser and load the page again.
                </p>
                <div class="actions">
                    <Button onClick={() => window.location.reload()}>Load again</Button>
                </div>
            </Dialog>
        );
    }
    return (
        <Dialog title="Log in" onClose={() => finishLogin(false)} onSubmit={() => void submit()}>
            <Field label="Name" value={name} onInput={setName} autofocus={!name} autocomplete="username" />
            <Field
                label="Password"
                type="password"
                value={password}
                onInput={setPassword}
                autofocus={!!name}
                autocomplete="current-password"
                wrong={wrong}
            />
            <div class="actions">
                <Button onClick={() => finishLogin(false)}>Cancel</Button>
                <Button submit kind="primary" dead={busy ? "In progress…" : !name ? "Enter your name" : null}>
                    Log in
                </Button>
            </div>
        </Dialog>
    );
}
