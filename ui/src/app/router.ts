// Addresses. All state of a view is in its address, so that a link shows the same view.
import { signal } from "@preact/signals";

export const BASE = "/ui";

interface Place {
    path: string; // below BASE, begins with a slash
    query: URLSearchParams;
    hash: string;
}

function here(): Place {
    const { pathname, search, hash } = window.location;
    const path = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : pathname;
    return { path: path.replace(/\/+$/, "") || "/", query: new URLSearchParams(search), hash: hash.slice(1) };
}

export const place = signal<Place>(here());
// How often another page was opened; the layout moves the focus then.
export const visits = signal(0);
// A form with unsaved text sets this; the text is the question.
export const unsaved = signal<string | null>(null);

export type Query = Record<string, string | number | boolean | null | undefined>;

export function link(path: string, query: Query = {}, hash = ""): string {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
        if (value !== null && value !== undefined && value !== "" && value !== false) {
            search.set(name, value === true ? "1" : String(value));
        }
    }
    return `${BASE}${path}${search.size ? `?${search}` : ""}${hash ? `#${hash}` : ""}`;
}

export function segment(text: string | number): string {
    return encodeURIComponent(String(text));
}

export function go(url: string, { replace = false } = {}): void {
    if (!replace && unsaved.value && !window.confirm(unsaved.value)) {
        return;
    }
    const before = place.value.path;
    window.history[replace ? "replaceState" : "pushState"]({ scroll: 0 }, "", url);
    place.value = here();
    if (place.value.path !== before) {
        unsaved.value = null;
        visits.value++;
        window.scrollTo(0, 0);
    }
}

// Changes some parameters of the present address, without a new entry of the browser's history.
export function setQuery(changes: Query, hash = place.value.hash): void {
    const query = Object.fromEntries(place.value.query);
    go(link(place.value.path, { ...query, ...changes }, hash), { replace: true });
}

function onClick(event: MouseEvent): void {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
        return;
    }
    const a = (event.target as Element | null)?.closest("a");
    if (a && a.origin === window.location.origin && a.pathname.startsWith(`${BASE}/`) && !a.target && !a.download) {
        event.preventDefault();
        go(a.href);
    }
}

export function startRouter(): void {
    document.addEventListener("click", onClick);
    window.addEventListener("popstate", () => {
        const before = place.value.path;
        place.value = here();
        if (place.value.path !== before) {
            unsaved.value = null;
            visits.value++;
        }
    });
    window.addEventListener("beforeunload", event => {
        if (unsaved.value) {
            event.preventDefault();
        }
    });
}
