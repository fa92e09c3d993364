// A pending change where its object is shown: what it waits for, who has signed, and what can be done with it.
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "../parts/button";
import { Mark } from "../parts/mark";
import { Note } from "../parts/note";
import { Relative } from "../parts/time";
import type { ChangeRef, PendingChange } from "./api";
import { DropDialog } from "./drop_dialog";
import { SignControl, SignoffList } from "./sign_control";
import { signoffSentence } from "./signoffs";
import { changeLink, stateTone, stateWord } from "./words";

interface Props {
    change: ChangeRef & { entry: PendingChange | null; scheduled_by: string; when: number | null };
    title: string; // in one line, for messages
    headline: ComponentChildren;
    does: string; // what the button to drop it says
    dead: string | null; // why it cannot be dropped
    reload: () => Promise<void>;
    children?: ComponentChildren;
}

export function PendingBlock({ change, title, headline, does, dead, reload, children }: Props): JSX.Element {
    const [dropping, setDropping] = useState(false);
    const { entry } = change;
    return (
        <div class="pending stack">
            <div>
                <div class="row">
                    <strong class="grow">{headline}</strong>
                    {entry ? <Mark tone={stateTone(entry)}>{stateWord(entry)}</Mark> : null}
                </div>
                <p class="soft small">
                    <a href={changeLink(change.kind, change.id)}>{signoffSentence(change)}</a>, by {change.scheduled_by}
                    {change.when ? ", " : ""}
                    {change.when ? <Relative at={change.when} /> : null}
                </p>
            </div>
            {children}
            {entry?.failed ? <Note tone="red">The agent could not make it: {entry.failed.what}</Note> : null}
            {Object.keys(change.required_signoffs).length ? <SignoffList change={change} /> : null}
            <div class="row">
                <SignControl change={change} title={title} onDone={reload} />
                <Button dead={dead} onClick={() => setDropping(true)}>
                    {does}
                </Button>
            </div>
            {dropping ? (
                <DropDialog
                    change={change}
                    title={title}
                    does={does}
                    onClose={() => setDropping(false)}
                    onDropped={reload}
                />
            ) : null}
        </div>
    );
}
