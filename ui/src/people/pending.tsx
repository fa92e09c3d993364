import type { JSX } from "preact";
import { whyNot } from "../api/session";
import { link, segment } from "../app/router";
import { PendingBlock } from "../changes/pending_block";
import { Sign } from "../parts/diff";
import type { PendingPermission } from "./api";
import { sentence, type Options } from "./permissions";

const ACTIONS = { insert: "create", update: "modify", delete: "delete" };

const WORDS = { insert: "To be granted", update: "To be changed", delete: "To end" };

const optionsOf = (value: unknown): Options => (value && typeof value === "object" ? (value as Options) : null);

// What it does, in one line.
export function headlineOf({ change_type: type, permission, username }: PendingPermission): string {
    const verb = type === "insert" ? "Grant" : type === "update" ? "Change" : "End";
    return `${verb} “${permission}” of ${username}`;
}

// A pending change of a permission as "was → will be".
export function PendingPermissionBlock(props: {
    change: PendingPermission;
    withName?: boolean;
    reload: () => Promise<void>;
}): JSX.Element {
    const { change, withName, reload } = props;
    const { change_type: type, permission, username, entry, options } = change;
    const pair = entry?.changed["options"];
    const name = permission ?? "";
    const was = pair ? optionsOf(pair[0]) : null;
    return (
        <PendingBlock
            change={change}
            title={headlineOf(change)}
            headline={
                withName ? (
                    <>
                        <a href={link(`/people/${segment(username ?? "")}`)}>{username}</a> · {name}
                    </>
                ) : (
                    WORDS[type]
                )
            }
            does={type === "delete" ? "Cancel the end" : "Drop this change"}
            dead={whyNot("permission", ACTIONS[type])}
            reload={reload}>
            <div class="was-will">
                {type === "insert" ? null : type === "delete" ? (
                    <p class="old">
                        <Sign tag="old" word="ends" />
                        The permission “{name}” ends.
                    </p>
                ) : (
                    <p class="old">
                        <Sign tag="old" word="was" />
                        {sentence(name, was)}
                    </p>
                )}
                {type === "delete" ? null : (
                    <p class="new">
                        <Sign tag="new" word="will be" />
                        {sentence(name, options)}
                    </p>
                )}
            </div>
        </PendingBlock>
    );
}
