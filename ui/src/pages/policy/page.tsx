// Which sign-offs changes need: of a product's channels, and of permissions.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { link, place, setQuery } from "../../app/router";
import { PendingBlock } from "../../changes/pending_block";
import { plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import {
    readPolicy,
    sameTarget,
    targetName,
    targetOf,
    type PendingRequired,
    type Policy,
    type Target,
} from "../../people/policy";
import { DeleteAll } from "./delete_all";
import { PolicyDialog } from "./policy_dialog";

const ACTIONS = { insert: "create", update: "modify", delete: "delete" };

// "relman: 2 members → 3"
function headlineOf({ change_type: type, role, signoffs_required: now }: PendingRequired, old: number | null): string {
    const members = (n: number | null): string => `${plural(n ?? 0, "member")} of ${role}`;
    return type === "delete"
        ? `${members(old)} → nobody`
        : type === "insert"
          ? `nobody → ${members(now)}`
          : `${members(old)} → ${now ?? 0}`;
}

interface CardProps {
    target: Target;
    policy: Policy;
    onEdit: () => void;
    onDelete: () => void;
    reload: () => Promise<void>;
}

function Card({ target, policy, onEdit, onDelete, reload }: CardProps): JSX.Element {
    const required = policy.required.filter(row => sameTarget(row, target));
    const pending = policy.pending.filter(change => sameTarget(targetOf(change), target));
    const missing = whyNot("required_signoff", "modify", null);
    const ending = required.every(row => pending.some(c => c.role === row.role && c.change_type === "delete"));
    return (
        <section class="panel" aria-label={`Sign-offs: ${targetName(target)}`}>
            <header>
                <h3>{target.channel ?? "Permissions"}</h3>
                <Button kind="small" dead={missing} onClick={onEdit}>
                    Change…
                </Button>
                <Button
                    kind="danger small"
                    dead={
                        whyNot("required_signoff", "delete", null) ??
                        (required.length ? (ending ? "Their deletion is pending already" : null) : "None is in force")
                    }
                    onClick={onDelete}>
                    Delete all…
                </Button>
            </header>
            {required.length ? (
                <ul>
                    {required.map(row => (
                        <li class="line" key={row.role}>
                            <span class="grow">
                                {plural(row.signoffs_required, "member")} of{" "}
                                <a href={link("/roles", { role: row.role })}>{row.role}</a>
                            </span>
                            <span class="soft small">{plural(policy.holders[row.role]?.length ?? 0, "holder")}</span>
                        </li>
                    ))}
                </ul>
            ) : (
                <p class="body soft">Nobody has to sign yet.</p>
            )}
            {pending.map(change => {
                const old = required.find(row => row.role === change.role)?.signoffs_required ?? null;
                const headline = headlineOf(change, old);
                return (
                    <div class="body" key={change.sc_id}>
                        <PendingBlock
                            change={change}
                            title={`${targetName(target)}: ${headline}`}
                            does={change.change_type === "delete" ? "Cancel the deletion" : "Drop this change"}
                            dead={whyNot("required_signoff", ACTIONS[change.change_type], null)}
                            headline={headline}
                            reload={reload}
                        />
                    </div>
                );
            })}
        </section>
    );
}

type Opened = { what: "edit" | "delete"; target: Target } | { what: "new" } | null;

interface ShownProps {
    policy: Policy;
    wanted: string;
    open: Opened;
    setOpen: (open: Opened) => void;
    reload: () => Promise<void>;
}

function Shown({ policy, wanted, open, setOpen, reload }: ShownProps): JSX.Element {
    const targets: Target[] = [];
    for (const one of [...policy.required, ...policy.pending].map(targetOf)) {
        if ((!wanted || one.product === wanted) && !targets.some(other => sameTarget(one, other))) {
            targets.push(one);
        }
    }
    const products = [...new Set(targets.map(target => target.product))].sort();
    const inOrder = (product: string): Target[] =>
        targets
            .filter(target => target.product === product)
            .sort((a, b) => (a.channel ?? "").localeCompare(b.channel ?? ""));
    const close = (): void => setOpen(null);
    return (
        <div class="stack">
            {products.map(product => (
                <section key={product} class="stack">
                    <h2>{product}</h2>
                    <div class="cards-grid">
                        {inOrder(product).map(target => (
                            <Card
                                key={targetName(target)}
                                target={target}
                                policy={policy}
                                onEdit={() => setOpen({ what: "edit", target })}
                                onDelete={() => setOpen({ what: "delete", target })}
                                reload={reload}
                            />
                        ))}
                    </div>
                </section>
            ))}
            {products.length ? null : wanted ? (
                <Empty>
                    Nobody has to sign changes of {wanted}. <a href={link("/policy")}>All products</a>
                </Empty>
            ) : (
                <Empty>Nobody has to sign anything: every change is made by one person alone.</Empty>
            )}
            {open?.what === "delete" ? (
                <DeleteAll target={open.target} policy={policy} onClose={close} reload={reload} />
            ) : open ? (
                <PolicyDialog
                    target={open.what === "edit" ? open.target : null}
                    product={wanted}
                    policy={policy}
                    onClose={close}
                    reload={reload}
                />
            ) : null}
        </div>
    );
}

export function Page(): JSX.Element {
    const wanted = place.value.query.get("product") ?? "";
    const data = useData("policy", readPolicy);
    const [open, setOpen] = useState<Opened>(null);
    const products = [...(data.value?.required ?? []), ...(data.value?.pending ?? [])].map(row => row.product ?? "");
    const options = [...new Set(wanted ? [...products, wanted] : products)].sort();
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Required sign-offs</h1>
                <span class="grow" />
                <Select
                    label="Product"
                    hideLabel
                    value={wanted}
                    options={[{ value: "", text: "All products" }, ...options.map(value => ({ value, text: value }))]}
                    onChange={product => setQuery({ product })}
                />
                <Button
                    kind="primary"
                    dead={
                        whyNot("required_signoff", "create", null) ??
                        (data.value ? null : "The present ones are not known yet")
                    }
                    onClick={() => setOpen({ what: "new" })}>
                    Require sign-offs…
                </Button>
            </div>
            <Loaded data={data}>
                {policy => <Shown policy={policy} wanted={wanted} open={open} setOpen={setOpen} reload={data.reload} />}
            </Loaded>
        </>
    );
}
