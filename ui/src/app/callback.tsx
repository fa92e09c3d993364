// The page to which the issuer of tokens leads back, in the window of a login. It hands the answer to the tab that began this login.
// Only that tab knows the secret `state` of it; an answer that nobody claims was not asked for, and nothing is done with it.
import { render } from "preact";
import type { JSX } from "preact";
import { CHANNEL } from "../api/oidc";

const CLAIMED_MS = 3000;

function Refused(): JSX.Element {
    return (
        <main>
            <div class="note red stack" role="alert">
                <h1>This login was not asked for</h1>
                <p>
                    No open page of Balrog has started it, or it took too long. Nothing was done with it. If a link has
                    brought you here, do not trust its sender.
                </p>
                <p>
                    <a href="/ui/">Go to Balrog</a>, or close this window.
                </p>
            </div>
        </main>
    );
}

export function show(): void {
    const { search } = window.location;
    // The code is good for one use; it does not stay in the history all the same.
    window.history.replaceState(null, "", window.location.pathname);
    const channel = new BroadcastChannel(CHANNEL);
    const timer = setTimeout(() => render(<Refused />, document.body), CLAIMED_MS);
    channel.addEventListener("message", ({ data }: MessageEvent<{ taken?: string }>) => {
        if (data.taken && data.taken === new URLSearchParams(search).get("state")) {
            clearTimeout(timer);
            window.close();
        }
    });
    channel.postMessage({ search });
}
