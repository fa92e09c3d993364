import type { JSX } from "preact";
import { call, post, rehearse, type Body } from "../../api/client";
import { useData } from "../../api/data";
import { refreshShared } from "../../api/shared";
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

// Deletes at once where nobody has to sign, and schedules the deletion elsewhere.
async function deleteRule(rule: Rule, pending: PendingRule | null, direct: boolean): Promise<string> {
    if (direct) {
        const { rule_id, data_version } = rule;
        await call("delete", "/rules/{id_or_alias}", {
            path: { id_or_alias: String(rule_id) },
            query: { data_version },
        });
        return "Deleted";
    }
    if (pending) {
        await post("/scheduled_changes/rules/{sc_id}", {
            path: { sc_id: pending.sc_id },
            body: { ...deletionOf(rule), sc_data_version: pending.sc_data_version },
        });
    } else {
        await post("/scheduled_changes/rules", { body: deletionOf(rule) });
    }
    return "Deletion scheduled";
}

// The sign-offs that the deletion needs.
async function needs(rule: Rule, pending: PendingRule | null): Promise<Record<string, number>> {
    if (pending) {
        return pending.required_signoffs;
    }
    return (await rehearse("post", "/scheduled_changes/rules", { body: deletionOf(rule) })).required_signoffs;
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
            {pending ? <p>The deletion replaces its pending change {pending.sc_id}.</p> : null}
        </>
    );
}

export function DeleteRule({ rule, pending, onClose, reload }: Props): JSX.Element {
    const needed = useData(`delete ${rule.rule_id} ${rule.data_version}`, () => needs(rule, pending), { refreshMs: 0 });
    const name = rule.alias ?? `rule ${rule.rule_id}`;
    return (
        <Confirm
            title={`Delete ${name}?`}
            does="Delete"
            danger
            onClose={onClose}
            dead={needed.value ? null : "It is not known yet who has to sign"}
            run={async () => {
                const direct = !pending && !Object.keys(needed.value ?? {}).length;
                say(`${await deleteRule(rule, pending, direct)}: ${name}`);
                void refreshShared();
                await reload();
            }}>
            <Loaded data={needed}>{value => <Consequences rule={rule} pending={pending} needed={value} />}</Loaded>
        </Confirm>
    );
}
