// Logging in with any OpenID Connect provider: code flow with PKCE in a window of its own. Loaded only where it is needed.
import * as oauth from "oauth4webapi";
import { serverNow } from "../format/time";
import { isLoopback } from "./address";
import type { Login, Tokens } from "./credentials";

export interface Provider {
    issuer: string;
    client_id: string;
    audience: string | null;
    scope: string | null;
}

export const CALLBACK = "/ui/callback";
// The window with the callback page reports on this channel, not by window.opener: an issuer's page may cut that.
export const CHANNEL = "balrog.callback";
const LIFETIME_S = 300;

interface Issuer {
    server: oauth.AuthorizationServer;
    client: oauth.Client;
    options: { [oauth.allowInsecureRequests]: boolean };
}

const known = new Map<string, Promise<Issuer>>();

async function discover({ issuer, client_id }: Provider): Promise<Issuer> {
    const url = new URL(issuer);
    const options = { [oauth.allowInsecureRequests]: isLoopback(url.hostname) };
    const response = await oauth.discoveryRequest(url, { ...options, algorithm: "oidc" });
    const server = await oauth.processDiscoveryResponse(url, response);
    // The server's clock counts, not this computer's.
    const client = {
        client_id,
        [oauth.clockSkew]: Math.round((serverNow() - Date.now()) / 1000),
        [oauth.clockTolerance]: 30,
    };
    return { server, client, options };
}

export function findIssuer(provider: Provider): Promise<Issuer> {
    const key = `${provider.issuer} ${provider.client_id}`;
    const found = known.get(key) ?? discover(provider);
    known.set(key, found);
    found.catch(() => known.delete(key));
    return found;
}

function loginOf(answer: oauth.TokenEndpointResponse, before: Tokens | null): Login {
    const tokens = {
        expiresAt: Date.now() + (answer.expires_in ?? LIFETIME_S) * 1000,
        refresh: answer.refresh_token ?? before?.refresh ?? null,
    };
    return { authorization: `Bearer ${answer.access_token}`, tokens };
}

// Waits for the callback page of the login that has this state. Another's is not answered, so its page says that it is refused.
function callbackOf(state: string, signal: AbortSignal): Promise<URLSearchParams> {
    const channel = new BroadcastChannel(CHANNEL);
    return new Promise<URLSearchParams>((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error));
        channel.addEventListener("message", ({ data }: MessageEvent<{ search?: string }>) => {
            const found = new URLSearchParams(data.search ?? "");
            if (found.get("state") === state) {
                channel.postMessage({ taken: state });
                resolve(found);
            }
        });
    }).finally(() => setTimeout(() => channel.close()));
}

const randoms = () => ({
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
});

// Shows the issuer's page in `popup`, and resolves once the user has logged in there. `afresh`: with a name and a password even if
// the issuer still knows the user, so that somebody else can log in.
export async function logIn(provider: Provider, popup: Window, afresh: boolean, signal: AbortSignal): Promise<Login> {
    const { server, client, options } = await findIssuer(provider);
    const { state, nonce, verifier } = randoms();
    const redirect = window.location.origin + CALLBACK;
    const url = new URL(server.authorization_endpoint ?? provider.issuer);
    const wanted = {
        response_type: "code",
        client_id: provider.client_id,
        redirect_uri: redirect,
        scope: provider.scope ?? "openid",
        audience: provider.audience,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        state,
        nonce,
        prompt: afresh ? "login" : null,
    };
    for (const [name, value] of Object.entries(wanted)) {
        if (value !== null) {
            url.searchParams.set(name, value);
        }
    }
    const callback = callbackOf(state, signal);
    popup.location.href = url.href;
    const code = oauth.validateAuthResponse(server, client, await callback, state);
    const response = await oauth.authorizationCodeGrantRequest(
        ...([server, client, oauth.None(), code, redirect, verifier, options] as const),
    );
    const answer = await oauth.processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
    });
    return loginOf(answer, null);
}

// New tokens; null if the issuer refuses. Throws if it cannot be reached.
export async function renewTokens(provider: Provider, tokens: Tokens): Promise<Login | null> {
    const { server, client, options } = await findIssuer(provider);
    const response = await oauth.refreshTokenGrantRequest(
        ...([server, client, oauth.None(), tokens.refresh ?? "", options] as const),
    );
    try {
        return loginOf(await oauth.processRefreshTokenResponse(server, client, response), tokens);
    } catch (error) {
        if (error instanceof oauth.ResponseBodyError && error.status < 500) {
            return null;
        }
        throw error;
    }
}

// Makes the refresh token worthless, if the issuer can do that.
export async function revokeTokens(provider: Provider, tokens: Tokens): Promise<void> {
    const { server, client, options } = await findIssuer(provider);
    if (server.revocation_endpoint && tokens.refresh) {
        await oauth.revocationRequest(server, client, oauth.None(), tokens.refresh, options);
    }
}

// What to tell somebody whose login failed.
export function explain(error: unknown, { issuer }: Provider): string {
    if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError) {
        return `${new URL(issuer).host} refused: ${error.error}${error.error_description ? `, ${error.error_description}` : ""}`;
    }
    if (error instanceof TypeError) {
        return `${new URL(issuer).host} cannot be reached from this page. The site's content policy must allow it, too.`;
    }
    return error instanceof Error
        ? `The answer of ${new URL(issuer).host} is refused: ${error.message}`
        : String(error);
}
