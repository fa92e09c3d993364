import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Failure } from "../../api/client";
import { asFailure } from "../../api/data";
import { user, whyNot } from "../../api/session";
import { refreshShared } from "../../api/shared";
import { isDirect, TrialNotes, useTrial } from "../../changes/trial";
import { whenColumns, WhenFields, wrongWhen } from "../../changes/when";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Problem } from "../../parts/problem";
import { say } from "../../parts/toast";
import { checkJson, print } from "../../releases/json";
import { problemsIn } from "../../releases/problems";
import { differences, merge, replace, same, type Json } from "../../releases/merge";
import { ChangePanel } from "./change_panel";
import { settledMs, useChecked } from "./checked";
import { Code } from "./code";
import { ReleaseConflict, type Clash } from "./conflict";
import { NameFields } from "./name_fields";
import { guessProduct, useForm } from "./state";
import { readSubject, save, tryOut, type Subject } from "./subject";
import { UploadButton } from "./upload";

function nameIn(blob: Json | undefined): string {
    const name = (blob as { name?: unknown } | undefined)?.name;
    return typeof name === "string" ? name : "";
}

// Somebody else has changed or scheduled something since the form was opened.
function isOutdated(failure: Failure): boolean {
    const texts = [failure.detail, ...failure.reasons];
    return failure.outdated || texts.some(text => /ChangeScheduled|already scheduled/.test(text));
}

function Notes({ subject, drafted, kept }: { subject: Subject; drafted: boolean; kept: boolean }): JSX.Element {
    const { pending, readOnly } = subject;
    return (
        <>
            {drafted ? <Note>This is what you typed before. It is not saved yet.</Note> : null}
            {kept ? null : (
                <Note tone="amber">
                    The text is too long for this browser to keep. If you close the page, what you typed is lost.
                </Note>
            )}
            {readOnly ? <Note tone="amber">This release is read-only, so it cannot be changed.</Note> : null}
            {pending?.change_type === "delete" ? (
                <Note tone="red">This release is scheduled to be deleted. Saving replaces the deletion.</Note>
            ) : pending ? (
                <Note tone="amber">
                    A change of {pending.scheduled_by} is pending. You edit what the release will be with it.
                </Note>
            ) : null}
        </>
    );
}

interface Props {
    subject: Subject;
    onSaved: (name: string) => void;
}

export function ReleaseEditor({ subject: first, onSaved }: Props): JSX.Element {
    const state = useForm(first);
    const { subject, form, change } = state;
    const { text, name, product, when } = form;
    const [error, setError] = useState<Failure | null>(null);
    const [clash, setClash] = useState<Clash | null>(null);
    const [busy, setBusy] = useState(false);
    const checked = useChecked(text);
    const { blob } = checked;
    const isNew = subject.kind === null;
    const target: Subject = isNew ? { ...subject, name: name.trim(), product: product.trim() } : subject;
    const changes = useMemo(
        () => (blob === undefined ? null : differences(subject.present ?? {}, blob)),
        [blob, subject],
    );
    const wrongName = !target.name
        ? "A name is needed"
        : blob !== undefined && nameIn(blob) !== target.name
          ? `The document has the name “${nameIn(blob)}”`
          : null;
    const wrongProduct = target.product ? null : "A product is needed";
    const whenMs = isNew ? null : (whenColumns(when).when ?? 0);
    const ready =
        blob !== undefined &&
        checked.text === text &&
        !wrongName &&
        !wrongProduct &&
        !subject.readOnly &&
        !wrongWhen(when);
    const changed = subject.pending ? state.moved || !same(blob, subject.start) : !!changes?.length;
    const trial = useTrial(
        ready && changed ? JSON.stringify([subject.state, target.name, target.product, text, when]) : null,
        () => tryOut(target, blob as Json, whenMs),
        settledMs(text),
    );
    const reasons = trial.error?.reasons ?? [];
    const problems = useMemo(() => {
        if (checked.error) {
            return [checked.error];
        }
        return checked.text === text ? problemsIn(text, reasons) : [];
    }, [checked, trial.error]);
    const direct = isNew || (!subject.pending && isDirect(trial));

    // Nothing is lost: what others did is read, and put together with what was typed.
    const rebase = async (): Promise<void> => {
        const fresh = await readSubject(target.name);
        const { merged, taken, conflicts } = merge(state.base, fresh.start, blob);
        setClash({ taken, open: conflicts });
        state.rebase(fresh, print(merged));
    };
    const send = async (now: boolean): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            // A v2 release has no number of what is scheduled for it that a request could name.
            if (subject.pending && subject.kind === "v2" && (await readSubject(subject.name)).state !== subject.state) {
                await rebase();
                setBusy(false);
                return;
            }
            await save(target, blob as Json, now ? null : whenMs);
            state.finish();
            say(isNew ? `Made: ${target.name}` : now ? `Done: ${target.name}` : `Scheduled: ${target.name}`);
            void refreshShared();
            onSaved(target.name);
        } catch (failure) {
            const seen = asFailure(failure);
            if (isOutdated(seen)) {
                await rebase().catch(() => setError(seen));
            } else {
                setError(seen);
            }
            setBusy(false);
        }
    };

    const dead = busy
        ? "In progress…"
        : (whyNot("release", isNew ? "create" : "modify", target.product || undefined) ??
          (subject.readOnly ? "The release is read-only" : null) ??
          (checked.text !== text ? "The text is being checked" : null) ??
          (blob === undefined ? "The text is not valid JSON" : null) ??
          wrongName ??
          wrongProduct ??
          (isNew ? null : wrongWhen(when)) ??
          (changed ? null : "Nothing is changed yet") ??
          (problems.length ? "The document has problems: see below it" : null) ??
          (clash?.open.length ? "Decide what both of you changed first" : null));
    useKeys([
        {
            key: "mod+Enter",
            does: "Save",
            run: () => {
                if (!dead) {
                    void send(direct && when.choice === "soon");
                }
            },
        },
    ]);
    const rename = (next: string): void => {
        const follows = blob !== undefined && nameIn(blob) === name;
        const document = { ...(blob as Record<string, Json>), name: next };
        change({
            name: next,
            product: product === guessProduct(name) ? guessProduct(next) : product,
            ...(follows ? { text: print(document) } : {}),
        });
    };
    const load = (loaded: string, file: string): void => {
        const error = checkJson(loaded);
        const found = error ? "" : nameIn(JSON.parse(loaded) as Json);
        const next = found || file;
        change(isNew ? { text: loaded, name: next, product: product || guessProduct(next) } : { text: loaded });
    };
    const lost = Object.keys(subject.pending?.signoffs ?? {}).filter(signer => signer !== user.value?.username);
    const signsAs = trial.answer?.signs_as;
    return (
        <form class="editor release-editor" onSubmit={event => event.preventDefault()}>
            <div class="stack">
                <Notes subject={subject} drafted={state.drafted} kept={state.kept} />
                {clash ? (
                    <ReleaseConflict
                        clash={clash}
                        onChoose={(conflict, value) => {
                            if (blob !== undefined && value !== conflict.mine) {
                                change({ text: print(replace(blob, conflict.pointer, value)) });
                            }
                            setClash({ ...clash, open: clash.open.filter(other => other !== conflict) });
                        }}
                    />
                ) : null}
                {isNew ? (
                    <NameFields
                        name={name}
                        product={product}
                        wrong={
                            state.touched ? { name: wrongName, product: wrongProduct } : { name: null, product: null }
                        }
                        onName={rename}
                        onProduct={next => change({ product: next })}
                    />
                ) : null}
                <div class="row">
                    <h2 class="minor grow">Document</h2>
                    <Button
                        kind="small"
                        dead={blob === undefined ? "The text is not valid JSON" : null}
                        onClick={() => change({ text: print(blob) })}>
                        Indent
                    </Button>
                    <UploadButton dead={subject.readOnly ? "The release is read-only" : null} onFile={load} />
                </div>
                <Code
                    text={text}
                    onText={next => change({ text: next })}
                    label={`JSON of ${target.name || "the new release"}`}
                    readOnly={subject.readOnly || busy}
                    problems={problems}
                />
                {isNew ? null : (
                    <div class="panel group">
                        <WhenFields when={when} withoutUptake onChange={next => change({ when: next })} />
                    </div>
                )}
                {error ? <Problem error={error} /> : null}
                <div class="row save">
                    {direct ? (
                        <Button kind="primary" dead={dead} onClick={() => void send(true)}>
                            {isNew ? "Make it" : "Apply now"}
                        </Button>
                    ) : null}
                    {isNew ? null : (
                        <Button kind={direct ? "plain" : "primary"} dead={dead} onClick={() => void send(false)}>
                            {subject.pending ? "Save the pending change" : "Schedule"}
                            {signsAs ? `, signs as ${signsAs}` : ""}
                        </Button>
                    )}
                    <kbd>Ctrl Enter</kbd>
                    {state.touched ? <Mark tone="amber">not saved</Mark> : null}
                </div>
            </div>
            <aside class="stack side" aria-label="What saving would do">
                <ChangePanel changes={changes} />
                <section class="panel">
                    <header>
                        <h2>Sign-offs</h2>
                    </header>
                    <div class="body">
                        <TrialNotes
                            trial={
                                reasons.length > 0 && problems.length === reasons.length
                                    ? { ...trial, error: null }
                                    : trial
                            }
                            lost={lost}
                        />
                    </div>
                </section>
            </aside>
        </form>
    );
}
