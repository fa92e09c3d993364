// The only place that sends requests. The types of paths, bodies and answers come from docs/openapi.json: if the API
// changes, what uses it does not compile.
import { signal } from "@preact/signals";
import { correctClock, serverNow } from "../format/time";
import { apiUrl } from "./address";
import { credentials, freshen, reportUnauthorized } from "./credentials";
import { Failure, failureOf, loginPage, noAnswer, type Sent } from "./failure";
import { keep, tagOf, valueOf } from "./kept";
import { online, reportAnswer, reportNoAnswer, reportOwnChange } from "./network";
import type { components, paths } from "./openapi";

export { Failure } from "./failure";
export type Schema = components["schemas"];

type Method = "get" | "post" | "put" | "delete";
export type PathsWith<M extends Method> = {
    [P in keyof paths]: NonNullable<paths[P][M]> extends never ? never : P;
}[keyof paths];
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type Content<R> = R extends { content: { "application/json": infer T } }
    ? T
    : R extends { content: Record<string, infer T> }
      ? T
      : undefined;
type Good<R> = 200 extends keyof R ? Content<R[200]> : 201 extends keyof R ? Content<R[201]> : undefined;
export type Answer<P extends keyof paths, M extends Method = "get"> =
    Operation<P, M> extends { responses: infer R } ? Good<R> : never;
type Parameter<P extends keyof paths, M extends Method, In extends string> =
    Operation<P, M> extends { parameters: { [K in In]?: infer T } } ? NonNullable<T> : Record<string, never>;
export type Body<P extends keyof paths, M extends Method> =
    Operation<P, M> extends { requestBody?: { content: { "application/json": infer T } } } ? T : undefined;

interface Options<P extends keyof paths, M extends Method> {
    path?: Parameter<P, M, "path">;
    query?: Parameter<P, M, "query">;
    body?: Body<P, M>;
    signal?: AbortSignal;
    // Gets the number of the change in the change feed, if the answer has one: for /served.
    onFeedId?: (id: number) => void;
    // Gets the data_version of what is read, if the answer has it in a header.
    onDataVersion?: (version: number) => void;
}

// The number of requests that have no answer yet.
export const waiting = signal(0);

function fill(template: string, path: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
    const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
        if (value !== undefined && value !== null && value !== "") {
            search.set(name, String(value));
        }
    }
    return search.size ? `${filled}?${search}` : filled;
}

// What a request is, beside its address.
interface Request {
    method: Method | "head";
    url: string;
    body: unknown;
    abort?: AbortSignal;
    onFeedId?: (id: number) => void;
    onDataVersion?: (version: number) => void;
    // Of a request that changes something.
    sent: Sent | null;
}

async function fetchFrom(request: Request, init: RequestInit): Promise<Response> {
    const sentAt = Date.now();
    waiting.value++;
    try {
        const response = await fetch(apiUrl(request.url), { ...init, redirect: "manual" });
        correctClock(response.headers.get("Date"), sentAt);
        reportAnswer();
        return response;
    } catch (error) {
        if (init.signal?.aborted) {
            throw error;
        }
        reportNoAnswer();
        throw noAnswer(request.sent);
    } finally {
        waiting.value--;
    }
}

function initOf({ method, url, body, abort }: Request): { init: RequestInit; headers: Record<string, string> } {
    const { headers, mode } = credentials();
    const all: Record<string, string> = { Accept: "application/json", ...headers };
    const init: RequestInit = { method: method.toUpperCase(), headers: all, credentials: mode, signal: abort };
    const tag = method === "get" ? tagOf(url) : null;
    if (tag) {
        all["If-None-Match"] = tag;
    }
    if (body !== undefined) {
        all["Content-Type"] = "application/json";
        init.body = JSON.stringify(body);
    }
    return { init, headers };
}

// A service in front of the API that wants a login leads elsewhere, or shows a page of its own.
function isLoginPage(response: Response, text: string): boolean {
    return response.type === "opaqueredirect" || (response.ok && /^\s*</.test(text));
}

function valueFrom(request: Request, response: Response, text: string): unknown {
    const feedId = Number(response.headers.get("X-Feed-Id"));
    if (feedId) {
        request.onFeedId?.(feedId);
    }
    const version = Number(response.headers.get("X-Data-Version"));
    if (version) {
        request.onDataVersion?.(version);
    }
    if (request.method === "head") {
        return response.headers.get("ETag");
    }
    const json = (response.headers.get("Content-Type") ?? "").includes("json") && text;
    const value: unknown = json ? JSON.parse(text) : text;
    if (request.method === "get") {
        keep(request.url, response.headers.get("ETag"), value);
    }
    return value;
}

const ATTEMPTS = 3;

async function send(request: Request, attempt = 1): Promise<unknown> {
    if (request.sent && !online.value) {
        throw new Failure(0, "Not sent", "The server cannot be reached, so nothing was sent and nothing was changed.");
    }
    await freshen();
    const { init, headers } = initOf(request);
    const response = await fetchFrom(request, init);
    if (response.status === 304) {
        return valueOf(request.url);
    }
    const text = await response.text().catch(() => Promise.reject(noAnswer(request.sent)));
    const failure = isLoginPage(response, text)
        ? loginPage()
        : response.ok
          ? null
          : failureOf(response, text, request.sent);
    // Somebody logs in beside the form that sent this; then it goes out again, once.
    if (failure?.kind === "login" && attempt < ATTEMPTS && (await reportUnauthorized(headers, attempt === 1))) {
        return send(request, attempt + 1);
    }
    if (failure) {
        throw failure;
    }
    if (request.sent) {
        reportOwnChange();
    }
    return valueFrom(request, response, text);
}

// Null if the request changes nothing.
function sentBy(method: Method, path: string, query: Record<string, unknown>, body: unknown): Sent | null {
    if (method === "get" || path === "/simulate" || query["dry_run"] !== undefined) {
        return null;
    }
    const values = { ...(body as Record<string, unknown> | undefined) };
    const all = { ...query, ...values };
    const version = Number(path.startsWith("/scheduled_changes") ? all["sc_data_version"] : undefined);
    return { path, at: serverNow(), version: version || Number(all["data_version"]) || null, values };
}

export async function call<M extends Method, P extends PathsWith<M>>(
    method: M,
    path: P,
    options: Options<P, M> = {},
): Promise<Answer<P, M>> {
    const query = (options.query ?? {}) as Record<string, unknown>;
    const { body, signal: abort, onFeedId, onDataVersion } = options;
    const sent = sentBy(method, path, query, body);
    const url = fill(path, options.path, query);
    return (await send({ method, url, body, abort, onFeedId, onDataVersion, sent })) as Answer<P, M>;
}

export const get = <P extends PathsWith<"get">>(path: P, options: Options<P, "get"> = {}): Promise<Answer<P, "get">> =>
    call("get", path, options);
export const post = <P extends PathsWith<"post">>(path: P, options: Options<P, "post">): Promise<Answer<P, "post">> =>
    call("post", path, options);

// The ETag of what `get` would answer: it is another one if any of the answer is. The answer itself is not sent.
export async function tagFor<P extends PathsWith<"get">>(path: P, options: Options<P, "get">): Promise<string> {
    const url = fill(path, options.path, options.query ?? {});
    return String(await send({ method: "head", url, body: undefined, abort: options.signal, sent: null }));
}

// What a change would do, as the server finds by making it and taking it back.
export async function rehearse<M extends Method, P extends PathsWith<M>>(
    method: M,
    path: P,
    options: Options<P, M>,
): Promise<Schema["DryRun"]> {
    const query = { ...options.query, dry_run: "1" } as unknown as Parameter<P, M, "query">;
    return (await call(method, path, { ...options, query })) as unknown as Schema["DryRun"];
}
