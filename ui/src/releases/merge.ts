// Differences of JSON documents, and three of them put together: what only they changed is taken, what only I changed is kept, and
// what both changed is asked. Arrays are compared as a whole.
import { join, split } from "./pointer";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Members = { [name: string]: Json };

export interface Change {
    pointer: string;
    old: Json | undefined;
    new: Json | undefined;
}

const isObject = (value: Json | undefined): value is Members =>
    typeof value === "object" && value !== null && !Array.isArray(value);

const has = (value: Members, name: string): boolean => Object.prototype.hasOwnProperty.call(value, name);
const member = (value: Members, name: string): Json | undefined => (has(value, name) ? value[name] : undefined);

// The order of members does not matter.
export function same(a: Json | undefined, b: Json | undefined): boolean {
    if (Array.isArray(a) && Array.isArray(b)) {
        return a.length === b.length && a.every((item, i) => same(item, b[i]));
    }
    if (isObject(a) && isObject(b)) {
        const names = Object.keys(a);
        return names.length === Object.keys(b).length && names.every(name => has(b, name) && same(a[name], b[name]));
    }
    return a === b;
}

const namesOf = (...all: Members[]): string[] => [...new Set(all.flatMap(Object.keys))];

export function differences(old: Json | undefined, now: Json | undefined, pointer = ""): Change[] {
    if (isObject(old) && isObject(now)) {
        return namesOf(old, now).flatMap(name =>
            differences(member(old, name), member(now, name), join(pointer, name)),
        );
    }
    return same(old, now) ? [] : [{ pointer, old, new: now }];
}

export interface Conflict {
    pointer: string;
    was: Json | undefined;
    now: Json | undefined;
    mine: Json | undefined;
}

export interface Merge {
    merged: Json | undefined; // with mine where both changed
    taken: string[]; // pointers of what only they changed
    conflicts: Conflict[];
}

// __proto__ is a name like any other.
function set(to: Members, name: string, value: Json): void {
    Object.defineProperty(to, name, { value, enumerable: true, configurable: true, writable: true });
}

export function merge(was: Json | undefined, now: Json | undefined, mine: Json | undefined, pointer = ""): Merge {
    if (same(was, now) || same(now, mine)) {
        return { merged: mine, taken: [], conflicts: [] };
    }
    if (same(was, mine)) {
        return { merged: now, taken: [pointer], conflicts: [] };
    }
    if (!isObject(now) || !isObject(mine)) {
        return { merged: mine, taken: [], conflicts: [{ pointer, was, now, mine }] };
    }
    const old = isObject(was) ? was : {};
    const result: Merge & { merged: Members } = { merged: {}, taken: [], conflicts: [] };
    for (const name of namesOf(mine, now, old)) {
        const part = merge(member(old, name), member(now, name), member(mine, name), join(pointer, name));
        if (part.merged !== undefined) {
            set(result.merged, name, part.merged);
        }
        result.taken.push(...part.taken);
        result.conflicts.push(...part.conflicts);
    }
    return result;
}

// The document with another value at this place; undefined removes it.
export function replace(document: Json, pointer: string, value: Json | undefined): Json {
    const [name, ...rest] = split(pointer);
    if (name === undefined) {
        return value ?? null;
    }
    const copy: Members = {};
    for (const [key, item] of Object.entries(isObject(document) ? document : {})) {
        set(copy, key, item);
    }
    if (rest.length) {
        const below = rest.reduce((path, part) => join(path, part), "");
        set(copy, name, replace(member(copy, name) ?? {}, below, value));
    } else if (value === undefined) {
        delete copy[name];
    } else {
        set(copy, name, value);
    }
    return copy;
}
