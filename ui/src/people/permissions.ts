// Permissions in words, and what each of them can be limited to: the rules of docs/authority.md.
import type { Schema } from "../api/client";

export type Options = Schema["PermissionOptions"];
export type PermissionName = NonNullable<keyof typeof PERMISSIONS>;

interface Info {
    // By action, what it allows, as in "may …"; empty where actions cannot be limited.
    actions: Record<string, string>;
    // What the actions are done to, said once after them.
    object: string;
    // Whether it can be limited to products.
    products: boolean;
}

export const PERMISSIONS = {
    admin: { actions: {}, object: "do everything", products: true },
    rule: { actions: { create: "create", modify: "change", delete: "delete" }, object: "rules", products: true },
    release: { actions: { create: "create", modify: "change", delete: "delete" }, object: "releases", products: true },
    release_locale: { actions: { modify: "submit" }, object: "locales of releases", products: true },
    release_read_only: {
        actions: { set: "make releases read-only", unset: "make releases writable again" },
        object: "",
        products: true,
    },
    emergency_shutoff: { actions: { create: "stop", delete: "restart" }, object: "updates", products: true },
    pinnable_release: { actions: {}, object: "set and remove pins", products: true },
    permission: {
        actions: { view: "see", create: "grant", modify: "change", delete: "end" },
        object: "permissions and roles",
        products: false,
    },
    required_signoff: { actions: {}, object: "set which sign-offs are required", products: false },
    scheduled_change: { actions: { enact: "enact" }, object: "scheduled changes, as the agent does", products: false },
} satisfies Record<string, Info>;

export const NAMES = Object.keys(PERMISSIONS) as PermissionName[];

export const infoOf = (name: string): Info | undefined => (PERMISSIONS as Record<string, Info>)[name];

// a, b and c
export function listed(words: string[]): string {
    return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}

// "May create and change rules for Firefox and GMP", "May do everything"
export function sentence(name: string, options: Options): string {
    const info = infoOf(name);
    if (!info) {
        return `May use “${name}”`;
    }
    const limited = options?.actions?.length ? options.actions : Object.keys(info.actions);
    const verbs = listed(limited.map(action => info.actions[action] ?? `“${action}”`));
    const products = options?.products ?? [];
    if (products.length && !info.products) {
        return `Allows nothing: “${name}” is not about products, and this one is limited to ${listed(products)}`;
    }
    const scope = products.length ? ` for ${listed(products)}` : "";
    const only = name === "admin" && products.length ? ", and nothing else" : "";
    return `May ${[verbs, info.object].filter(Boolean).join(" ")}${scope}${only}`;
}

// What a form has: products as they are typed, and the actions that are chosen; all of them are no limit.
export interface Limits {
    products: string;
    actions: string[];
}

export function toLimits(name: string, options: Options): Limits {
    const all = Object.keys(infoOf(name)?.actions ?? {});
    return { products: (options?.products ?? []).join(", "), actions: options?.actions ?? all };
}

export function splitNames(text: string): string[] {
    return [
        ...new Set(
            text
                .split(",")
                .map(name => name.trim())
                .filter(Boolean),
        ),
    ];
}

export function fromLimits(name: string, { products, actions }: Limits): Options {
    const info = infoOf(name);
    const named = info?.products ? splitNames(products) : [];
    const all = Object.keys(info?.actions ?? {});
    // Actions that the UI does not know stay as they are.
    const limited = all.every(action => actions.includes(action)) && actions.length === all.length ? [] : actions;
    if (!named.length && !limited.length) {
        return null;
    }
    return { ...(named.length ? { products: named } : {}), ...(limited.length ? { actions: limited } : {}) };
}

export function sameOptions(a: Options, b: Options): boolean {
    const norm = (options: Options): string =>
        JSON.stringify([[...(options?.products ?? [])].sort(), [...(options?.actions ?? [])].sort()]);
    return norm(a) === norm(b);
}
