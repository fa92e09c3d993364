// The document of one release, or a new one.
import type { JSX } from "preact";
import { useData } from "../../api/data";
import { go, link, place } from "../../app/router";
import { Loaded } from "../../parts/states";
import { releaseLink } from "../../releases/links";
import { ReleaseEditor } from "./editor";
import { newSubject, readSubject, type Subject } from "./subject";

const open = (name: string): void => go(releaseLink(name));

export function Page({ parts }: { parts: Record<string, string> }): JSX.Element {
    const name = parts["name"];
    const { query } = place.value;
    const [newName, newProduct] = [query.get("name") ?? "", query.get("product") ?? ""];
    // Never loaded again under somebody's hands: a change by others shows when the form is saved.
    const data = useData(
        `edit ${name ?? ""}`,
        (signal): Promise<Subject> =>
            name === undefined ? Promise.resolve(newSubject(newName, newProduct)) : readSubject(name, signal),
        { refreshMs: 0, keep: false, visible: false },
    );
    return (
        <>
            <div class="release-title">
                <a href={name === undefined ? link("/releases") : releaseLink(name)} class="small">
                    {name === undefined ? "Releases" : "Back to the release"}
                </a>
                <h1 tabIndex={-1}>{name === undefined ? "New release" : `Edit ${name}`}</h1>
            </div>
            <Loaded data={data}>{subject => <ReleaseEditor subject={subject} onSaved={open} />}</Loaded>
        </>
    );
}
