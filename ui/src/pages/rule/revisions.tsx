// What a rule was: each revision with what it changed, any two of them compared, and the way back.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get, post, type Schema } from "../../api/client";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { refreshShared } from "../../api/shared";
import { place, setQuery } from "../../app/router";
import { SOON } from "../../changes/when";
import { Warnings } from "../../changes/warnings";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Diff } from "../../parts/diff";
import { Loaded } from "../../parts/states";
import { Moment } from "../../parts/time";
import { say } from "../../parts/toast";
import { nameOf } from "../../rules/between";
import { difference, labelOf, valuesOf, type Changes, type PendingRule, type Rule } from "../../rules/columns";
import { schedule, tryOut, type Subject } from "../rule_edit/subject";

type Revision = Schema["RuleRevision"];

const PAGE = 20;

interface Props {
    rule: Rule;
    pending: PendingRule | null;
    reload: () => Promise<void>;
}

// Goes back to a revision: at once where nobody has to sign, else as a scheduled change.
function Restore(props: Props & { revision: Revision; onClose: () => void }): JSX.Element {
    const { rule, pending, revision, reload, onClose } = props;
    const values = valuesOf(revision);
    const subject: Subject = { rule, pending, start: valuesOf(rule), copied: null };
    const key = `restore ${revision.change_id} ${rule.data_version} ${pending?.sc_data_version}`;
    const trial = useData(key, signal => tryOut(subject, values, SOON, signal), { refreshMs: 0 });
    const needed = Object.entries(trial.value?.required_signoffs ?? {});
    const restore = async (): Promise<void> => {
        if (pending || needed.length) {
            await schedule(subject, values, SOON);
            say(`Scheduled: ${nameOf(rule)} as it was in version ${revision.data_version}`);
        } else {
            const { change_id } = revision;
            await post("/rules/{rule_id}/revisions", { path: { rule_id: rule.rule_id }, body: { change_id } });
            say(`Restored: ${nameOf(rule)} as it was in version ${revision.data_version}`);
        }
        void refreshShared();
        await reload();
    };
    return (
        <Confirm
            title={`Restore version ${revision.data_version} of ${nameOf(rule)}?`}
            does={pending || needed.length ? "Schedule" : "Restore now"}
            dead={trial.value ? null : "It is not known yet who has to sign"}
            onClose={onClose}
            run={restore}>
            <Diff changed={difference(rule, values)} labelOf={labelOf} />
            <Loaded data={trial}>
                {({ warnings }) => (
                    <>
                        <Warnings warnings={warnings} />
                        <p>
                            {needed.length
                                ? `It is made as soon as these have signed: ${needed.map(([role, n]) => `${n} × ${role}`).join(", ")}.`
                                : pending
                                  ? "It is scheduled, as soon as possible."
                                  : "Nobody has to sign: it is made at once."}
                        </p>
                        {pending ? (
                            <p>
                                It replaces what pending change {pending.sc_id} of {pending.scheduled_by} says, and
                                drops its sign-offs.
                            </p>
                        ) : null}
                    </>
                )}
            </Loaded>
        </Confirm>
    );
}

const summary = (changed: Changes): string => Object.keys(changed).map(labelOf).join(", ");

interface LineProps extends Props {
    revision: Revision;
    before: Revision | null;
    newest: boolean;
    only: boolean; // there is nothing to compare it with
    left: number | null;
    right: number | null;
}

function Line(props: LineProps): JSX.Element {
    const { revision, before, newest, only, left, right, rule, pending } = props;
    const [open, setOpen] = useState(false);
    const [restoring, setRestoring] = useState(false);
    const id = revision.change_id;
    const changed = difference(before ?? {}, revision);
    const choose = (name: "left" | "right", text: string): JSX.Element => (
        <label class="check" title={`Compare: ${text}`}>
            <input
                type="radio"
                name={`revision-${name}`}
                checked={(name === "left" ? left : right) === id}
                onChange={() => setQuery({ [name]: id })}
            />
            <span class="unseen">
                {text} version {revision.data_version}
            </span>
        </label>
    );
    return (
        <li class="revision">
            <div class="line">
                {only ? null : (
                    <span class="choose">
                        {choose("left", "old:")}
                        {choose("right", "new:")}
                    </span>
                )}
                <span class="grow">
                    <strong>Version {revision.data_version}</strong> <Moment at={revision.timestamp} />{" "}
                    <span class="soft small">by {revision.changed_by}</span>
                    <div class="soft small">{before ? summary(changed) || "no column changes" : "created"}</div>
                </span>
                <Button
                    kind="small quiet"
                    expanded={open}
                    label={`${open ? "Hide" : "Diff"}: what version ${revision.data_version} changed`}
                    onClick={() => setOpen(!open)}>
                    {open ? "Hide" : "Diff"}
                </Button>
                {newest ? null : (
                    <Button
                        kind="small"
                        label={`Restore version ${revision.data_version}`}
                        dead={
                            whyNot("rule", "modify", rule.product) ??
                            (pending?.change_type === "delete" ? "Drop the deletion first" : null)
                        }
                        onClick={() => setRestoring(true)}>
                        Restore…
                    </Button>
                )}
            </div>
            {open ? (
                <div class="opened">
                    <Diff changed={changed} labelOf={labelOf} only={before ? undefined : "new"} />
                </div>
            ) : null}
            {restoring ? <Restore {...props} onClose={() => setRestoring(false)} /> : null}
        </li>
    );
}

function Compared({ list, left, right }: { list: Revision[]; left: number; right: number }): JSX.Element | null {
    const old = list.find(revision => revision.change_id === left);
    const now = list.find(revision => revision.change_id === right);
    if (!old || !now) {
        return null;
    }
    return (
        <div class="body stack" role="status">
            <h3>
                Version {old.data_version} → version {now.data_version}
            </h3>
            <Diff changed={difference(old, now)} labelOf={labelOf} />
        </div>
    );
}

export function Revisions(props: Props): JSX.Element {
    const { rule_id, data_version } = props.rule;
    const [pages, setPages] = useState(1);
    const { query } = place.value;
    const limit = pages * PAGE;
    // One more than is shown, so that the oldest one that is shown has one to be compared with.
    const data = useData(
        `revisions ${rule_id} ${data_version} ${limit}`,
        signal =>
            get("/rules/{rule_id}/revisions", { path: { rule_id }, query: { limit: limit + 1, page: 1 }, signal }),
        { refreshMs: 0 },
    );
    return (
        <section class="panel">
            <header>
                <h2>History</h2>
                {data.value ? <span class="soft">{data.value.count}</span> : null}
            </header>
            <Loaded data={data}>
                {({ rules: list }) => {
                    const left = Number(query.get("left")) || list[1]?.change_id || null;
                    const right = Number(query.get("right")) || list[0]?.change_id || null;
                    const chosen = query.has("left") || query.has("right");
                    return (
                        <>
                            {chosen && left && right ? <Compared list={list} left={left} right={right} /> : null}
                            <ul aria-label="Revisions">
                                {list.slice(0, limit).map((revision, i) => (
                                    <Line
                                        key={revision.change_id}
                                        {...props}
                                        revision={revision}
                                        before={list[i + 1] ?? null}
                                        newest={i === 0}
                                        only={list.length < 2}
                                        left={left}
                                        right={right}
                                    />
                                ))}
                            </ul>
                            {list.length > limit ? (
                                <div class="body">
                                    <Button kind="small" onClick={() => setPages(pages + 1)}>
                                        Show older ones
                                    </Button>
                                </div>
                            ) : null}
                        </>
                    );
                }}
            </Loaded>
        </section>
    );
}
