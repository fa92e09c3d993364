// Addresses of releases.
import { link, segment, type Query } from "../app/router";

// `at`: a state of its past or future, as /release_part names it: pending, v3, c912.
export function releaseLink(name: string, query: Query = {}): string {
    return link(`/releases/${segment(name)}`, query);
}

export function editLink(name: string): string {
    return link(`/releases/${segment(name)}/edit`);
}

export function compareLink(left: string, right: string, path = ""): string {
    return link("/compare", { left, right, path });
}
