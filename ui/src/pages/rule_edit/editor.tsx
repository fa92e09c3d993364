import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Failure } from "../../api/client";
import { asFailure } from "../../api/data";
import { whyNot } from "../../api/session";
import { refreshShared } from "../../api/shared";
import { go, link, unsaved } from "../../app/router";
import { CompareReleases } from "../../changes/compare_releases";
import { keepDraft, readDraft } from "../../changes/draft";
import type { Edits } from "../../changes/effect";
import { SaveRow } from "../../changes/save_row";
import { isDirect, useTrial, type Trial } from "../../changes/trial";
import { WhatIf } from "../../changes/what_if";
import { SOON, whenOf, WhenFields, wrongWhen, type When } from "../../changes/when";
import { changeLink } from "../../changes/words";
import { plural } from "../../format/number";
import { useKeys } from "../../keys/keys";
import { Diff } from "../../parts/diff";
import { Note } from "../../parts/note";
import { Problem } from "../../parts/problem";
import { say } from "../../parts/toast";
import { difference, labelOf, valuesOf, type Values } from "../../rules/columns";
import { allWrong, fromForm, toForm, type Form } from "../../rules/form";
import { RuleConflict, type Clash } from "./conflict";
import { Fields } from "./fields";
import { merge } from "./merge";
import { applyNow, neededIn, readSubject, schedule, tryOut, type Subject } from "./subject";

const versionsOf = ({ rule, pending }: Subject): string => `${rule?.data_version} ${pending?.sc_data_version}`;

function edits(subject: Subject, values: Values): Edits | null {
    if (!subject.rule) {
        return [{ table: "rules", change_type: "insert", ...values }];
    }
    const changed = Object.entries(difference(subject.rule, values)).map(([column, [, now]]) => [column, now]);
    if (!changed.length) {
        return null;
    }
    const { rule_id } = subject.rule;
    return [{ table: "rules", change_type: "update", rule_id, ...Object.fromEntries(changed) }];
}

function Side(props: { subject: Subject; values: Values; trial: Trial; wrong: number }): JSX.Element {
    const { subject, values, trial, wrong } = props;
    const changed = difference(subject.rule ?? valuesOf({}), values);
    const n = Object.keys(changed).length;
    return (
        <>
            <section class="panel">
                <header>
                    <h2>Change</h2>
                    <span class="soft">{plural(n, "column")}</span>
                </header>
                <div class="body stack">
                    <Diff changed={changed} labelOf={labelOf} only={subject.rule ? undefined : "new"} />
                    <CompareReleases changed={changed} />
                </div>
            </section>
            <WhatIf
                trial={trial}
                pending={subject.pending}
                edits={wrong || !n ? null : edits(subject, values)}
                product={values.product}
                channel={values.channel}
            />
        </>
    );
}

interface Draft {
    form: Form;
    when: When;
    versions: string;
}

interface Props {
    id: string;
    subject: Subject;
}

export function Editor({ id, subject: first }: Props): JSX.Element {
    const [subject, setSubject] = useState(first);
    const [draft] = useState(() => readDraft<Draft>(id, versionsOf(first)));
    const [base, setBase] = useState<Form>(() => toForm(first.start));
    const [form, setForm] = useState<Form>(draft?.form ?? base);
    const [when, setWhen] = useState<When>(draft?.when ?? (first.pending ? whenOf(first.pending) : SOON));
    const [touched, setTouched] = useState(!!draft);
    const [error, setError] = useState<Failure | null>(null);
    const [clash, setClash] = useState<Clash | null>(null);
    const [busy, setBusy] = useState(false);

    const values = fromForm(form);
    const needed = neededIn(subject);
    const wrong = allWrong(form, needed).length + (wrongWhen(when) ? 1 : 0);
    const changes = Object.keys(difference(subject.rule ?? {}, values)).length;
    const deleted = subject.pending?.change_type === "delete";
    const tried = !wrong && !deleted && changes > 0;
    const trial = useTrial(tried ? JSON.stringify([versionsOf(subject), values, when]) : null, signal =>
        tryOut(subject, values, when, signal),
    );
    const direct = !subject.pending && isDirect(trial);

    const change = (some: Partial<Form>): void => {
        setTouched(true);
        setForm(old => ({ ...old, ...some }));
    };
    useEffect(() => {
        unsaved.value = touched ? "What you typed is not saved. Leave the form?" : null;
        keepDraft(id, touched ? { form, when, versions: versionsOf(subject) } : null);
    }, [form, when, touched, subject]);

    // Nothing is lost: what others did is read, and put together with what was typed.
    const rebase = async (): Promise<void> => {
        const fresh = await readSubject(subject.rule ? String(subject.rule.rule_id) : undefined);
        const now = toForm(fresh.start);
        const merged = merge(base, now, form);
        setClash({ was: base, now, taken: merged.taken, open: merged.conflicts });
        setForm(merged.form);
        setBase(now);
        setSubject(fresh);
    };
    const save = async (action: () => Promise<string>): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            const target = await action();
            keepDraft(id, null);
            unsaved.value = null;
            void refreshShared();
            const scope = { product: values.product, channel: values.channel?.replace(/\*$/, "") };
            go(link("/rules", scope, target));
        } catch (failure) {
            const seen = asFailure(failure);
            if (seen.outdated) {
                await rebase().catch(() => setError(seen));
            } else {
                setError(seen);
            }
            setBusy(false);
        }
    };
    const name = values.alias ?? (subject.rule ? `rule ${subject.rule.rule_id}` : "new rule");
    const scheduleIt = (): Promise<void> =>
        save(async () => {
            const scId = await schedule(subject, values, when);
            say(`Scheduled: ${name}`);
            return `scId=${scId}`;
        });
    const applyIt = (): Promise<void> =>
        save(async () => {
            const ruleId = await applyNow(subject, values);
            say(`Done: ${name} is served like this now`);
            return `ruleId=${ruleId}`;
        });

    const permission = whyNot("rule", subject.rule || subject.pending ? "modify" : "create", values.product);
    const dead = busy
        ? "In progress…"
        : (permission ??
          (deleted ? "Drop the deletion first" : null) ??
          (wrong ? `${plural(wrong, "field")} must be corrected first` : null) ??
          (!changes && !subject.pending ? "Nothing is changed yet" : null) ??
          (clash?.open.length ? "Decide what both of you changed first" : null));
    useKeys([
        {
            key: "mod+Enter",
            does: "Save",
            run: () => {
                if (!dead) {
                    void (direct && when.choice === "soon" ? applyIt() : scheduleIt());
                }
            },
        },
    ]);
    return (
        <form class="editor" onSubmit={event => event.preventDefault()}>
            <div class="stack">
                {draft ? <Note>This is what you typed before. It is not saved yet.</Note> : null}
                {deleted && subject.pending ? (
                    <Note tone="red">
                        This rule is scheduled to be deleted. Drop{" "}
                        <a href={changeLink("rules", subject.pending.sc_id)}>the deletion</a> to change the rule.
                    </Note>
                ) : subject.pending ? (
                    <Note tone="amber">
                        You edit pending change {subject.pending.sc_id} of {subject.pending.scheduled_by}.
                    </Note>
                ) : null}
                {clash ? (
                    <RuleConflict
                        clash={clash}
                        form={form}
                        onChoose={(column, value) => {
                            change({ [column]: value });
                            setClash({ ...clash, open: clash.open.filter(other => other !== column) });
                        }}
                    />
                ) : null}
                <Fields form={form} onChange={change} touched={touched} needed={needed} />
                <div class="panel group">
                    <WhenFields
                        when={when}
                        onChange={value => {
                            setTouched(true);
                            setWhen(value);
                        }}
                    />
                </div>
                {error ? <Problem error={error} /> : null}
                <SaveRow
                    now={direct ? "Apply now" : null}
                    later={subject.pending ? "Save the pending change" : "Schedule"}
                    signsAs={trial.answer?.signs_as}
                    dead={dead}
                    touched={touched}
                    onNow={() => void applyIt()}
                    onLater={() => void scheduleIt()}
                />
            </div>
            <aside class="stack side" aria-label="What saving would do">
                <Side subject={subject} values={values} trial={trial} wrong={wrong} />
            </aside>
        </form>
    );
}
