import type { JSX } from "preact";
import { Note } from "../../parts/note";
import type { Subject } from "./subject";

interface Props {
    subject: Subject;
    drafted: boolean;
    kept: boolean;
}

// What somebody who edits has to know before.
export function Notes({ subject, drafted, kept }: Props): JSX.Element {
    const { pending, readOnly } = subject;
    return (
        <>
            {drafted ? <Note>This is what you typed before. It is not saved yet.</Note> : null}
            {kept ? null : (
                <Note tone="amber">
                    The text is too long for this browser to keep. If you close the page, what you typed is lost.
                </Note>
            )}
            {readOnly ? <Note tone="amber">This release is read-only, so it cannot be changed.</Note> : null}
            {pending?.change_type === "delete" ? (
                <Note tone="red">This release is scheduled to be deleted. Saving replaces the deletion.</Note>
            ) : pending ? (
                <Note tone="amber">
                    A change of {pending.scheduled_by} is pending. You edit what the release will be with it.
                </Note>
            ) : null}
        </>
    );
}
