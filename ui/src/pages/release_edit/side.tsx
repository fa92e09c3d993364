// Beside the form: what changes, and what that does. A new release does nothing before a rule leads to it.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Edits } from "../../changes/effect";
import { WhatIf } from "../../changes/what_if";
import { ChangePanel } from "./change_panel";
import type { Subject } from "./subject";
import type { Verdict } from "./verdict";

// What the server accepts, as /simulate takes it.
function useEdits({ kind, name, product }: Subject, { blob, changes, trial }: Verdict): Edits | null {
    const accepted = !!trial.answer && !trial.busy && !!changes?.length;
    return useMemo(() => {
        const table = kind === "v1" ? "releases" : "v2/releases";
        return accepted && kind ? ([{ table, change_type: "update", name, product, blob }] as unknown as Edits) : null;
    }, [kind, name, product, blob, accepted]);
}

export function Side({ subject, verdict }: { subject: Subject; verdict: Verdict }): JSX.Element {
    const edits = useEdits(subject, verdict);
    return (
        <aside class="stack side" aria-label="What saving would do">
            <ChangePanel changes={verdict.changes} />
            <WhatIf
                trial={verdict.trial}
                pending={subject.pending}
                edits={edits}
                product={subject.product || null}
                channel={null}
                withoutEffect={subject.kind === null}
            />
        </aside>
    );
}
