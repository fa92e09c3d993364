// One rule: made, changed, or duplicated. The change, its sign-offs and its effect stand beside the form all the time.
import type { JSX } from "preact";
import { useData } from "../../api/data";
import { place } from "../../app/router";
import { Loaded } from "../../parts/states";
import { Editor } from "./editor";
import { readSubject, type Subject } from "./subject";

function title({ rule, pending, copied }: Subject): string {
    if (rule) {
        return `Edit ${rule.alias ?? `rule ${rule.rule_id}`}`;
    }
    return pending
        ? `Edit pending rule ${pending.alias ?? pending.sc_id}`
        : copied
          ? `Duplicate ${copied}`
          : "New rule";
}

export function Page({ parts }: { parts: Record<string, string> }): JSX.Element {
    const address = place.value.path + place.value.query;
    // Never loaded again under somebody's hands: a change by others shows when the form is saved.
    const data = useData(address, signal => readSubject(parts["id"], signal), {
        refreshMs: 0,
        keep: false,
        visible: false,
    });
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>{data.value ? title(data.value) : "Rule"}</h1>
            </div>
            <Loaded data={data}>{subject => <Editor key={address} id={address} subject={subject} />}</Loaded>
        </>
    );
}
