// What everybody has to know about this page before they read on: no server, no login, no rights.
import type { ComponentChildren, JSX } from "preact";
import { endsAt, loginEnded, loginNeeded } from "../api/credentials";
import { lastAnswerAt, online } from "../api/network";
import { config, stranger, user } from "../api/session";
import { second } from "../format/clock";
import { relative, utcWithSeconds } from "../format/time";
import { Button } from "../parts/button";

// So long before tokens end that nothing renews, their user is told.
const WARNED_MS = 120_000;

function Banner({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
    return (
        <section class="banner" aria-label={name}>
            {children}
        </section>
    );
}

const logInButton = (): JSX.Element => (
    <Button kind="small" onClick={() => (loginNeeded.value = true)}>
        Log in
    </Button>
);

function Offline(): JSX.Element {
    const at = lastAnswerAt.value;
    return (
        <Banner name="Network">
            <div role="status">
                {navigator.onLine ? "The server cannot be reached." : "This computer has no network."} Nothing can be
                changed meanwhile; this page looks for the server every few seconds.
            </div>
            {at ? (
                <span class="soft">
                    What you see is of {utcWithSeconds(at)} UTC, {relative(at, second.value)}.
                </span>
            ) : null}
        </Banner>
    );
}

function EndsSoon({ at }: { at: number }): JSX.Element | null {
    const now = second.value; // drawn again each second
    const left = at - Date.now();
    return now && left < WARNED_MS ? (
        <Banner name="Login">
            <span role="status">Your login ends in less than two minutes.</span>
            {logInButton()}
        </Banner>
    ) : null;
}

function Stranger(): JSX.Element {
    const environment = config.value?.environment.name;
    return (
        <Banner name="Permissions">
            <span role="status">
                {user.value ? `${user.value.username} has` : "You are logged in, but have"} no permission
                {environment ? ` in ${environment}` : " here"}. Somebody with the permission “permission” or “admin” can
                grant one.
            </span>
        </Banner>
    );
}

export function Banners(): JSX.Element {
    return (
        <>
            {online.value ? null : <Offline />}
            {loginEnded.value ? (
                <Banner name="Login">
                    <span role="status">Your login has ended: nothing can be changed until you log in again.</span>
                    {logInButton()}
                </Banner>
            ) : endsAt.value && user.value ? (
                <EndsSoon at={endsAt.value} />
            ) : null}
            {stranger.value ? <Stranger /> : null}
        </>
    );
}
