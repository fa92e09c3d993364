// An issuer of tokens for tests, as any OpenID Connect provider is one: discovery, authorization code with PKCE, refresh tokens
// that are good once, revocation, keys. Its page to log in is a form with a name. Tests steer it by its member variables.
import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";

const CLIENT = "balrog-ui";
const AUDIENCE = "balrog";

const part = value => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export class Issuer {
    lifetimeS = 3600; // of access tokens
    refreshable = true;
    refuseRefresh = false;
    answersAs = null; // the `iss` of the next callback, if it lies
    nonce = null; // the nonce of the next token, if it is wrong
    requests = []; // "GET /path"
    #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
    #kid = 1;
    #codes = new Map();
    #refresh = new Map();

    async start() {
        this.server = createServer((request, response) => void this.#answer(request, response));
        await new Promise(resolve => this.server.listen(0, "127.0.0.1", resolve));
        this.url = `http://127.0.0.1:${this.server.address().port}`;
        return this;
    }

    stop() {
        this.server.closeAllConnections();
        this.server.close();
    }

    count(line) {
        return this.requests.filter(request => request === line).length;
    }

    // Ends all logins: no token that was signed before is good any more.
    endLogins() {
        this.#keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
        this.#kid++;
    }

    token(user, extra = {}) {
        const now = Math.floor(Date.now() / 1000);
        const claims = { iss: this.url, iat: now, exp: now + this.lifetimeS, sub: user, email: user, ...extra };
        const text = `${part({ alg: "RS256", typ: "JWT", kid: String(this.#kid) })}.${part(claims)}`;
        return `${text}.${sign("RSA-SHA256", Buffer.from(text), this.#keys.privateKey).toString("base64url")}`;
    }

    #metadata() {
        const at = path => this.url + path;
        return {
            issuer: this.url,
            authorization_endpoint: at("/authorize"),
            token_endpoint: at("/token"),
            revocation_endpoint: at("/revoke"),
            jwks_uri: at("/jwks"),
            response_types_supported: ["code"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["RS256"],
            code_challenge_methods_supported: ["S256"],
            authorization_response_iss_parameter_supported: true,
        };
    }

    #jwks() {
        return {
            keys: [
                { ...this.#keys.publicKey.export({ format: "jwk" }), kid: String(this.#kid), alg: "RS256", use: "sig" },
            ],
        };
    }

    // The form leads back here with a user's name; then the window goes on to the page that has asked.
    #authorize(query) {
        const user = query.get("user");
        if (!user) {
            const fields = [...query].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
            return `<h1>Issuer</h1><form>${fields.join("")}<input name="user" aria-label="User"><button>Go on</button></form>`;
        }
        const code = randomUUID();
        this.#codes.set(code, { user, challenge: query.get("code_challenge"), nonce: query.get("nonce") });
        const back = new URL(query.get("redirect_uri"));
        back.search = new URLSearchParams({ code, state: query.get("state"), iss: this.answersAs ?? this.url });
        return back;
    }

    #grant(user, nonce) {
        const refresh = randomUUID();
        if (this.refreshable) {
            this.#refresh.set(refresh, user);
        }
        return {
            access_token: this.token(user, { aud: AUDIENCE }),
            id_token: this.token(user, { aud: CLIENT, nonce: this.nonce ?? nonce }),
            token_type: "Bearer",
            expires_in: this.lifetimeS,
            ...(this.refreshable ? { refresh_token: refresh } : {}),
        };
    }

    // null: refused. A code or refresh token that was used once is not good again.
    #exchange(form) {
        if (form.get("grant_type") === "refresh_token") {
            const user = this.#refresh.get(form.get("refresh_token"));
            this.#refresh.delete(form.get("refresh_token"));
            return user && !this.refuseRefresh ? this.#grant(user, undefined) : null;
        }
        const found = this.#codes.get(form.get("code"));
        this.#codes.delete(form.get("code"));
        const challenge = createHash("sha256")
            .update(form.get("code_verifier") ?? "")
            .digest("base64url");
        return found && found.challenge === challenge && form.get("client_id") === CLIENT
            ? this.#grant(found.user, found.nonce)
            : null;
    }

    async #answer(request, response) {
        const url = new URL(request.url, this.url);
        this.requests.push(`${request.method} ${url.pathname}`);
        let body = "";
        for await (const piece of request) {
            body += piece;
        }
        const form = new URLSearchParams(body);
        const json = (value, status = 200) => {
            response.writeHead(status, { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" });
            response.end(JSON.stringify(value));
        };
        if (url.pathname === "/.well-known/openid-configuration") {
            json(this.#metadata());
        } else if (url.pathname === "/jwks") {
            json(this.#jwks());
        } else if (url.pathname === "/token") {
            const granted = this.#exchange(form);
            json(granted ?? { error: "invalid_grant", error_description: "not good any more" }, granted ? 200 : 400);
        } else if (url.pathname === "/revoke") {
            this.#refresh.delete(form.get("token"));
            json({});
        } else if (url.pathname === "/authorize") {
            const next = this.#authorize(url.searchParams);
            const page = typeof next === "string";
            // Providers isolate their pages like this, which cuts the window off from the page that has opened it.
            const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Content-Type": "text/html" };
            response.writeHead(page ? 200 : 302, page ? headers : { Location: next.href });
            response.end(page ? next : "");
        } else {
            json({}, 404);
        }
    }
}
