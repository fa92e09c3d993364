// A pending change with its difference, who has signed and who has not, and the button to sign with once the difference was in view.
import type { ComponentChildren, JSX } from "preact";
import { Note } from "../parts/note";
import type { PendingChange } from "./api";
import { SeenContent } from "./content";
import type { Seen } from "./seen";
import { SignControl, SignoffList } from "./sign_control";
import { changeLink, headline } from "./words";

interface Props {
    change: PendingChange;
    seen: Seen;
    reload: () => Promise<void>;
    children?: ComponentChildren; // below the difference
}

export function Signable({ change, seen, reload, children }: Props): JSX.Element {
    return (
        <>
            {change.failed ? <Note tone="red">The agent could not make it: {change.failed.what}</Note> : null}
            <SeenContent change={change} seen={seen} />
            {children}
            <SignoffList change={change} />
            <div class="row">
                <SignControl
                    change={seen.change}
                    title={headline(change)}
                    onDone={reload}
                    unseen={seen.unseen}
                    onOutdated={seen.renew}
                />
                <a href={changeLink(change.kind, change.id)}>Effect, edit, drop</a>
            </div>
        </>
    );
}
