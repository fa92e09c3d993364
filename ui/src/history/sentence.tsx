// An event of the history in one line, with links to its object and to the change that it came from.
import type { JSX } from "preact";
import { KIND_NAMES, type Kind } from "../changes/api";
import { changeLink } from "../changes/words";
import { sentence, type Event } from "./entries";
import { objectLink } from "./links";

const kindName = (kind: string): string => (KIND_NAMES[kind as Kind] ?? kind).toLowerCase();

export function Sentence({ event }: { event: Event }): JSX.Element {
    const { entry, scId } = event;
    const { does, object } = sentence(entry);
    const url = objectLink(entry);
    const signs = entry.what === "signoff";
    // Changes of a release have no page each, but one together, under its name.
    const linked = scId !== null && entry.kind !== "v2/releases";
    return (
        <span>
            {does} {object && url ? <a href={url}>{object}</a> : object}
            {linked ? (
                <>
                    {entry.what === "scheduled_change" ? " · " : object ? " by " : " "}
                    <a href={changeLink(entry.kind, scId)}>
                        {signs ? `${kindName(entry.kind)} change` : "change"} {scId}
                    </a>
                </>
            ) : signs ? (
                "a change of a release"
            ) : null}
        </span>
    );
}
