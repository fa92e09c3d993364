import type { JSX } from "preact";
import { call, post, rehearse, type Body } from "../../api/client";
import { useData } from "../../api/data";
import { refreshShared } from "../../api/shared";
import { drop } from "../../changes/api";
import { soon } from "../../changes/when";
import { Confirm } from "../../parts/confirm";
import { Loaded } from "../../parts/states";
import { say } from "../../parts/toast";
import type { PendingRule, Rule } from "../../rules/columns";

interface Props {
    rule: Rule;
    pending: PendingRule | null;
    onClose: () => void;
    reload: () => Promise<void>;
}

type Deletion = Body<"/scheduled_changes/rules", "post">;

const deletionOf = ({ rule_id, data_version }: Rule): Deletion => ({
    change_type: "delete",
    rule_id,
    data_version,
    when: soon(),
});

// The sign-offs that the deletion needs. While a change is pending no other one can be tried out: then those of the change,
// which the deletion needs at most.
async function needs(rule: Rule, pending: PendingRule | null): Promise<Record<string, number>> {
    if (pending) {
        return pending.required_signoffs;
    }
    return (await rehearse("post", "/scheduled_changes/rules", { body: deletionOf(rule) })).required_signoffs;
}

// Deletes at once where nobody has to sign, and schedules the deletion elsewhere. The kind of a pending change cannot be
// edited, so it is dropped first.
async function deleteRule(rule: Rule, pending: PendingRule | null): Promise<string> {
    if (pending) {
        await drop({ ...pending, kind: "rules", id: pending.sc_id });
    }
    if (Object.keys(await needs(rule, null)).length) {
        await post("/scheduled_changes/rules", { body: deletionOf(rule) });
        return "Deletion scheduled";
    }
    const { rule_id, data_version } = rule;
    await call("delete", "/rules/{id_or_alias}", { path: { id_or_alias: String(rule_id) }, query: { data_version } });
    return "Deleted";
}

function Consequences({
    rule,
    pending,
    needed,
}: Omit<Props, "onClose" | "reload"> & { needed: Record<string, number> }): JSX.Element {
    const list = Object.entries(needed);
    return (
        <>
            <p>
                Clients that it fits ({rule.product ?? "every product"}, {rule.channel ?? "every channel"}) get what the
                next rule says.
            </p>
            {list.length ? (
                <p>
                    It is deleted as soon as these have signed: {list.map(([role, n]) => `${n} × ${role}`).join(", ")}.
                </p>
            ) : (
                <p>Nobody has to sign: it is deleted at once.</p>
            )}
            {pending ? (
                <p>
                    Its pending change {pending.sc_id} of {pending.scheduled_by} is dropped first, with its sign-offs.
                </p>
            ) : null}
        </>
    );
}

export function DeleteRule({ rule, pending, onClose, reload }: Props): JSX.Element {
    const needed = useData(`delete ${rule.rule_id} ${rule.data_version}`, () => needs(rule, pending), { refreshMs: 0 });
    const name = rule.alias ?? `rule ${rule.rule_id}`;
    return (
        <Confirm
            title={`Delete ${name}?`}
            does={Object.keys(needed.value ?? {}).length ? "Schedule the deletion" : "Delete"}
            danger
            onClose={onClose}
            dead={needed.value ? null : "It is not known yet who has to sign"}
            run={async () => {
                say(`${await deleteRule(rule, pending)}: ${name}`);
                void refreshShared();
                await reload();
            }}>
            <Loaded data={needed}>{value => <Consequences rule={rule} pending={pending} needed={value} />}</Loaded>
        </Confirm>
    );
}
