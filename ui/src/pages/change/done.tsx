// A change that is not pending any more: what became of it.
import type { JSX } from "preact";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { link, segment } from "../../app/router";
import type { Kind } from "../../changes/api";
import { History } from "../../history/list";
import { objectFilter, type Entry } from "../../history/entries";
import { Note } from "../../parts/note";
import { Loaded } from "../../parts/states";

type Row = Record<string, unknown>;

// The object that the change was for, as the history's filter has it; only a kind if the change was of something new.
async function findObject(kind: Kind, id: string, signal: AbortSignal): Promise<string> {
    if (kind === "v2/releases") {
        return `${kind}:${id}`;
    }
    const path = `/scheduled_changes/${kind}/{sc_id}` as "/scheduled_changes/rules/{sc_id}";
    const row = await get(path, { path: { sc_id: Number(id) }, signal }).then(
        answer => answer.scheduled_change as unknown as Row,
        () => null,
    );
    const filter = row ? objectFilter({ kind, key: row } as unknown as Entry) : kind;
    return /:$/.test(filter) ? kind : filter;
}

export function Done({ kind, id }: { kind: Kind; id: string }): JSX.Element {
    const object = useData(`object ${kind} ${id}`, signal => findObject(kind, id, signal), { refreshMs: 0 });
    const rule = /^rules:(\d+)$/.exec(object.value ?? "")?.[1];
    return (
        <div class="stack">
            <Note>
                This change is not pending any more: it was made or dropped.{" "}
                <a href={link("/changes")}>All pending changes</a>
                {rule ? (
                    <>
                        {" · "}
                        <a href={link(`/rules/${segment(rule)}`)}>Rule {rule}</a>
                    </>
                ) : null}
            </Note>
            <Loaded data={object}>
                {filter => (
                    <History
                        query={{ object: filter }}
                        only={event => kind === "v2/releases" || event.scId === Number(id)}
                        none="Nothing about this change is among the newest entries."
                    />
                )}
            </Loaded>
        </div>
    );
}
