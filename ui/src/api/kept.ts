// Answers with their ETags: a server that has nothing new says so without a body, and the same objects are shown on.
const MOST = 60;
const kept = new Map<string, { tag: string; value: unknown }>();

export function tagOf(url: string): string | null {
    return kept.get(url)?.tag ?? null;
}

export function valueOf(url: string): unknown {
    return kept.get(url)?.value;
}

export function keep(url: string, tag: string | null, value: unknown): void {
    kept.delete(url);
    if (tag) {
        kept.set(url, { tag, value });
    }
    for (const oldest of kept.keys()) {
        if (kept.size <= MOST) {
            break;
        }
        kept.delete(oldest);
    }
}

// Another user gets other answers.
export function forgetAll(): void {
    kept.clear();
}
