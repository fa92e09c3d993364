// The only place that sends requests. The types of paths, bodies and answers come from docs/openapi.json: if the API
// changes, what uses it does not compile.
import { signal } from "@preact/signals";
import { correctClock } from "../format/time";
import { credentials, reportUnauthorized } from "./credentials";
import type { components, paths } from "./openapi";

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
}

// A request that failed. `unknown` means that a change may have been made all the same.
export class Failure extends Error {
    constructor(
        readonly status: number,
        readonly title: string,
        readonly detail: string,
        readonly reasons: string[] = [],
        readonly requestId: string | null = null,
        readonly retryAfterS: number | null = null,
        readonly unknown = false,
    ) {
        super(reasons[0] ?? detail);
    }

    get outdated(): boolean {
        return [this.detail, ...this.reasons].some(text => text.includes("OutdatedDataError"));
    }
}

// Whether the server answered the last request at all.
export const online = signal(true);
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

function asFailure(status: number, headers: Headers, text: string, writes: boolean): Failure {
    let problem: Partial<Schema["Problem"]> & { exception?: unknown } = {};
    try {
        problem = JSON.parse(text) as typeof problem;
    } catch {
        problem = { title: `The server answered ${status}`, detail: text.startsWith("<") ? "" : text.slice(0, 300) };
    }
    const reasons = Array.isArray(problem.exception)
        ? problem.exception.map(String)
        : problem.exception
          ? [String(problem.exception)]
          : [];
    const detail = problem.detail ?? "";
    const unknown =
        writes && ((status === 503 && /not known|may have/.test(detail)) || status === 504 || status === 502);
    const retry = Number(headers.get("Retry-After"));
    return new Failure(
        status,
        problem.title ?? "Error",
        detail,
        reasons,
        headers.get("X-Request-ID"),
        retry || null,
        unknown,
    );
}

async function fetchFrom(url: string, init: RequestInit, writes: boolean): Promise<Response> {
    const sentAt = Date.now();
    waiting.value++;
    try {
        const response = await fetch(url, init);
        correctClock(response.headers.get("Date"), sentAt);
        online.value = true;
        return response;
    } catch (error) {
        if (init.signal?.aborted) {
            throw error;
        }
        online.value = false;
        throw new Failure(0, "No answer", "The server cannot be reached.", [], null, null, writes);
    } finally {
        waiting.value--;
    }
}

interface Rest {
    body: unknown;
    abort?: AbortSignal;
    onFeedId?: (id: number) => void;
}

async function send(method: Method, url: string, rest: Rest): Promise<unknown> {
    const { body, abort, onFeedId } = rest;
    const writes = method !== "get";
    const { headers, mode } = credentials();
    const all: Record<string, string> = { Accept: "application/json", ...headers };
    const init: RequestInit = { method: method.toUpperCase(), headers: all, credentials: mode, signal: abort };
    if (body !== undefined) {
        all["Content-Type"] = "application/json";
        init.body = JSON.stringify(body);
    }
    const response = await fetchFrom(url, init, writes);
    const text = await response.text();
    if (response.status === 401) {
        // Somebody logs in beside the form that sent this; then it goes out again, once.
        if (await reportUnauthorized(headers)) {
            return send(method, url, rest);
        }
    }
    if (!response.ok) {
        throw asFailure(response.status, response.headers, text, writes);
    }
    const feedId = Number(response.headers.get("X-Feed-Id"));
    if (feedId) {
        onFeedId?.(feedId);
    }
    const type = response.headers.get("Content-Type") ?? "";
    return type.includes("json") && text ? JSON.parse(text) : text;
}

export async function call<M extends Method, P extends PathsWith<M>>(
    method: M,
    path: P,
    options: Options<P, M> = {},
): Promise<Answer<P, M>> {
    const url = fill(path, options.path, options.query as Record<string, unknown>);
    const { body, signal: abort, onFeedId } = options;
    return (await send(method, url, { body, abort, onFeedId })) as Answer<P, M>;
}

export const get = <P extends PathsWith<"get">>(path: P, options: Options<P, "get"> = {}): Promise<Answer<P, "get">> =>
    call("get", path, options);
export const post = <P extends PathsWith<"post">>(path: P, options: Options<P, "post">): Promise<Answer<P, "post">> =>
    call("post", path, options);

// What a change would do, as the server finds by making it and taking it back.
export async function rehearse<M extends Method, P extends PathsWith<M>>(
    method: M,
    path: P,
    options: Options<P, M>,
): Promise<Schema["DryRun"]> {
    const query = { ...options.query, dry_run: "1" } as unknown as Parameter<P, M, "query">;
    return (await call(method, path, { ...options, query })) as unknown as Schema["DryRun"];
}
