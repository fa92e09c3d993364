// Each page with its address, its title, and the file that is loaded for it.
import type { JSX } from "preact";
import { matchPath } from "./match";

export type Parts = Record<string, string>;
type Page = (props: { parts: Parts }) => JSX.Element;

export interface Route {
    pattern: string;
    title: (parts: Parts) => string;
    // `more`: in the second list of the menu, for pages that are needed less often.
    menu?: { name: string; key: string; more?: true };
    load: () => Promise<{ Page: Page }>;
}

export const ROUTES: Route[] = [
    {
        pattern: "/",
        title: () => "Overview",
        menu: { name: "Overview", key: "g o" },
        load: () => import("../pages/overview/page"),
    },
    {
        pattern: "/rules",
        title: () => "Rules",
        menu: { name: "Rules", key: "g r" },
        load: () => import("../pages/rules/page"),
    },
    { pattern: "/rules/new", title: () => "New rule", load: () => import("../pages/rule_edit/page") },
    {
        pattern: "/rules/:id/edit",
        title: parts => `Edit rule ${parts["id"]}`,
        load: () => import("../pages/rule_edit/page"),
    },
    { pattern: "/rules/:id", title: parts => `Rule ${parts["id"]}`, load: () => import("../pages/rule/page") },
    {
        pattern: "/history",
        title: () => "History",
        menu: { name: "History", key: "g h" },
        load: () => import("../pages/history/page"),
    },
    {
        pattern: "/changes",
        title: () => "Pending changes",
        menu: { name: "Changes", key: "g c" },
        load: () => import("../pages/changes/page"),
    },
    {
        pattern: "/changes/:kind/:id",
        title: parts => `Change ${parts["kind"]} ${parts["id"]}`,
        load: () => import("../pages/change/page"),
    },
    {
        pattern: "/releases",
        title: () => "Releases",
        menu: { name: "Releases", key: "g l" },
        load: () => import("../pages/releases/page"),
    },
    {
        pattern: "/releases/:name",
        title: parts => `Release ${parts["name"]}`,
        load: () => import("../pages/release/page"),
    },
    {
        pattern: "/releases/:name/edit",
        title: parts => `Edit release ${parts["name"]}`,
        load: () => import("../pages/release_edit/page"),
    },
    { pattern: "/new-release", title: () => "New release", load: () => import("../pages/release_edit/page") },
    { pattern: "/compare", title: () => "Compare releases", load: () => import("../pages/compare/page") },
    {
        pattern: "/explain",
        title: () => "Explain",
        menu: { name: "Explain", key: "g e" },
        load: () => import("../pages/explain/page"),
    },
    {
        pattern: "/stop",
        title: () => "Emergency stop",
        menu: { name: "Stops", key: "g s" },
        load: () => import("../pages/stop/page"),
    },
    {
        pattern: "/channels",
        title: () => "Compare channels",
        menu: { name: "Compare channels", key: "g d", more: true },
        load: () => import("../pages/channels/page"),
    },
    {
        pattern: "/expectations",
        title: () => "Expectations",
        menu: { name: "Expectations", key: "g x", more: true },
        load: () => import("../pages/expectations/page"),
    },
    {
        pattern: "/people",
        title: () => "People",
        menu: { name: "People", key: "g p", more: true },
        load: () => import("../pages/people/page"),
    },
    { pattern: "/people/:name", title: parts => parts["name"] ?? "", load: () => import("../pages/person/page") },
    {
        pattern: "/roles",
        title: () => "Roles",
        menu: { name: "Roles", key: "g w", more: true },
        load: () => import("../pages/roles/page"),
    },
    {
        pattern: "/policy",
        title: () => "Required sign-offs",
        menu: { name: "Policy", key: "g y", more: true },
        load: () => import("../pages/policy/page"),
    },
    {
        pattern: "/pins",
        title: () => "Pins",
        menu: { name: "Pins", key: "g n", more: true },
        load: () => import("../pages/pins/page"),
    },
    {
        pattern: "/uptake",
        title: () => "Uptake",
        menu: { name: "Uptake", key: "g u", more: true },
        load: () => import("../pages/uptake/page"),
    },
    {
        pattern: "/status",
        title: () => "Status",
        menu: { name: "Status", key: "g t", more: true },
        load: () => import("../pages/status/page"),
    },
    {
        pattern: "/me",
        title: () => "Me",
        menu: { name: "Me", key: "g m", more: true },
        load: () => import("../pages/me/page"),
    },
];

export function findRoute(path: string): { route: Route; parts: Parts } | null {
    for (const route of ROUTES) {
        const parts = matchPath(route.pattern, path);
        if (parts) {
            return { route, parts };
        }
    }
    return null;
}
