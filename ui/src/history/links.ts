// Where the objects of the history have their pages.
import { link, segment } from "../app/router";
import { text, type Entry } from "./entries";

// The page of the object.
export function objectLink({ kind, key, what }: Entry): string | null {
    if (what === "signoff") {
        return null;
    }
    switch (kind) {
        case "rules":
            return key["rule_id"] ? link(`/rules/${segment(text(key["rule_id"]))}`) : null;
        case "releases":
        case "v2/releases":
            return link(`/releases/${segment(text(key["name"]))}`);
        case "emergency_shutoff":
        case "partial_stops":
            return link("/stop");
        case "required_signoffs/product":
        case "required_signoffs/permissions":
            return link("/policy", { product: text(key["product"]) });
        case "pinnable_releases":
            return link("/pins", { product: text(key["product"]) });
        case "expectations":
            return link("/expectations", { product: text(key["product"]) });
        case "permissions":
        case "roles":
            return link(`/people/${segment(text(key["username"]))}`);
        default:
            return null;
    }
}
