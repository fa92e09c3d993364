// Puts a new answer together from the objects of the one before where nothing has changed, so that only what has changed is drawn
// again, and can be marked.
const SHOWN_MS = 4000;
const changedAt = new WeakMap<object, number>();

export interface Shared<T> {
    value: T;
    changed: number; // entries of lists that are new or different
}

type Entries = Record<string, unknown>;

const isObject = (value: unknown): value is Entries => typeof value === "object" && value !== null;

function shareList(old: unknown[], now: unknown[], count: { n: number }): unknown[] {
    const known = new Map(old.map(item => [JSON.stringify(item), item]));
    const list = now.map(item => {
        const same = known.get(JSON.stringify(item));
        if (same !== undefined) {
            return same;
        }
        count.n++;
        if (isObject(item)) {
            changedAt.set(item, performance.now());
        }
        return item;
    });
    count.n += Math.max(0, old.length - now.length);
    return list.length === old.length && list.every((item, i) => item === old[i]) ? old : list;
}

function shareAny(old: unknown, now: unknown, count: { n: number }): unknown {
    if (old === now || !isObject(old) || !isObject(now) || Array.isArray(old) !== Array.isArray(now)) {
        return now;
    }
    if (Array.isArray(old)) {
        return shareList(old, now as unknown as unknown[], count);
    }
    if (Object.getPrototypeOf(now) !== Object.prototype) {
        return now;
    }
    const result = Object.fromEntries(Object.keys(now).map(key => [key, shareAny(old[key], now[key], count)]));
    const keys = Object.keys(result);
    return keys.length === Object.keys(old).length && keys.every(key => result[key] === old[key]) ? old : result;
}

export function share<T>(old: T, now: T): Shared<T> {
    const count = { n: 0 };
    const value = shareAny(old, now, count) as T;
    return { value, changed: count.n };
}

// The class of an entry that has just changed by itself.
export function freshness(entry: object | null | undefined): string {
    const at = entry ? changedAt.get(entry) : undefined;
    return at !== undefined && performance.now() - at < SHOWN_MS ? "fresh" : "";
}
