// Says to a screen reader what has changed by itself.
import { signal } from "@preact/signals";
import type { JSX } from "preact";

const news = signal("");

export function announce(changed: number): void {
    const page = document.querySelector("main h1")?.textContent ?? "";
    const what = changed ? `${changed} ${changed === 1 ? "entry" : "entries"} changed` : "changed";
    news.value = `${page}: ${what} by others`;
}

export function Live(): JSX.Element {
    return (
        <div class="unseen" role="status" aria-live="polite" data-news>
            {news.value}
        </div>
    );
}
