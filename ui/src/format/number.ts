// 965112 → 965 k
export function count(n: number): string {
    if (n < 10_000) {
        return Number.isInteger(n) ? String(n) : n.toFixed(n < 100 ? 1 : 0);
    }
    return n < 9_999_500 ? `${Math.round(n / 1000)} k` : `${(n / 1_000_000).toFixed(1)} M`;
}

export function percent(part: number, whole: number): string {
    if (!whole) {
        return "0 %";
    }
    const share = (100 * part) / whole;
    return `${share > 0 && share < 0.1 ? "<0.1" : share.toFixed(1).replace(/\.0$/, "")} %`;
}

export function bytes(n: number): string {
    if (n < 1000) {
        return `${n} B`;
    }
    return n < 1_000_000 ? `${(n / 1000).toFixed(1)} KB` : `${(n / 1_000_000).toFixed(1)} MB`;
}

// 0.4 ms, 15 ms, 2.4 s
export function milliseconds(ms: number): string {
    return ms < 1000 ? `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

// plural(2, "rule") → 2 rules
export function plural(n: number, word: string): string {
    return `${n} ${word}${n === 1 ? "" : "s"}`;
}
