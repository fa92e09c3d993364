// Logging in beside whatever is shown: forms stay as they are, and the request that needed it goes out again.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { apiUrl } from "../api/address";
import { finishLogin, method } from "../api/credentials";
import { config, logIn, logInAt, lookForLogin, provider, user } from "../api/session";
import type { Provider } from "../api/oidc";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { Note } from "../parts/note";

const LOOK_MS = 1500;
const cancel = (): void => finishLogin("nobody");

function Again(): JSX.Element | null {
    return user.value ? <p>Your login has ended. Log in to go on: nothing that you typed is lost.</p> : null;
}

function ByPassword(): JSX.Element {
    const [name, setName] = useState(user.value?.username ?? "");
    const [password, setPassword] = useState("");
    const [wrong, setWrong] = useState<string | null>(null);
    const [busy, setBusy] = useState(false);
    const submit = async (): Promise<void> => {
        setBusy(true);
        setWrong(await logIn(name, password));
        setBusy(false);
    };
    return (
        <Dialog title="Log in" onClose={cancel} onSubmit={() => void submit()}>
            <Again />
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
                <Button onClick={cancel}>Cancel</Button>
                <Button submit kind="primary" dead={busy ? "In progress…" : !name ? "Enter your name" : null}>
                    Log in
                </Button>
            </div>
        </Dialog>
    );
}

const BLOCKED = "Your browser has blocked the window. Allow windows for this site, and try again.";
const INSECURE = "This page must be served by https: browsers do not let others log in.";

function ByIssuer({ issuer }: { issuer: Provider }): JSX.Element {
    const [wrong, setWrong] = useState<string | null>(window.isSecureContext ? null : INSECURE);
    const [waits, setWaits] = useState(false);
    const abort = useRef(new AbortController());
    const host = new URL(issuer.issuer).host;
    useEffect(() => {
        // So that the window can be opened at once, by the click itself.
        void import("../api/oidc").then(oidc => oidc.findIssuer(issuer)).catch(() => null);
        return () => abort.current.abort();
    }, []);
    const begin = async (): Promise<void> => {
        abort.current.abort();
        abort.current = new AbortController();
        const { signal } = abort.current;
        const popup = window.open("about:blank", "_blank", "popup,width=520,height=680");
        setWaits(popup !== null);
        setWrong(popup ? null : BLOCKED);
        if (popup) {
            const answer = await logInAt(issuer, popup, signal);
            if (!signal.aborted) {
                setWrong(answer);
                setWaits(false);
            }
        }
    };
    return (
        <Dialog title="Log in" onClose={cancel} onSubmit={() => void begin()}>
            <Again />
            <p role="status">
                {waits
                    ? `Log in at ${host}, in the window that has opened.`
                    : `You log in at ${host}, in a window of its own.`}
            </p>
            {wrong ? (
                <div class="note red" role="alert">
                    {wrong}
                </div>
            ) : null}
            <div class="actions">
                <Button onClick={cancel}>Cancel</Button>
                <Button submit kind="primary" autofocus dead={window.isSecureContext ? null : INSECURE}>
                    {waits ? "Open it again" : "Log in"}
                </Button>
            </div>
        </Dialog>
    );
}

// By a certificate, or by a service in front: a window that shows an answer of the API makes the browser, or that service, ask.
function BySite(): JSX.Element {
    const { mode } = config.value?.auth ?? {};
    useEffect(() => {
        const timer = setInterval(() => void lookForLogin(), LOOK_MS);
        return () => clearInterval(timer);
    }, []);
    return (
        <Dialog title="You are not logged in" onClose={cancel}>
            {mode === "server" ? (
                <p>
                    This site knows its users by their certificates, or by a service in front of it, and it did not
                    recognize you. Choose a certificate, or log in, in a window of its own; this page goes on by itself.
                </p>
            ) : (
                <Note tone="amber">
                    Nobody can log in here by a page: in balrog.conf, neither client_id in [ui] nor trust_remote_user in
                    [admin] is set.
                </Note>
            )}
            <div class="actions">
                <Button onClick={cancel}>Cancel</Button>
                <Button onClick={() => window.location.reload()}>Load again</Button>
                {mode === "server" ? (
                    <Button
                        kind="primary"
                        autofocus
                        onClick={() => void window.open(apiUrl("/whoami"), "_blank", "popup,width=520,height=680")}>
                        Log in
                    </Button>
                ) : null}
            </div>
        </Dialog>
    );
}

export function Login(): JSX.Element {
    const issuer = provider();
    return issuer ? <ByIssuer issuer={issuer} /> : method.value === "password" ? <ByPassword /> : <BySite />;
}
