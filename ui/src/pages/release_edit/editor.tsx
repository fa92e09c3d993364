import type { JSX } from "preact";
import { whyNot } from "../../api/session";
import { SaveRow } from "../../changes/save_row";
import { WhenFields } from "../../changes/when";
import { useKeys } from "../../keys/keys";
import { Problem } from "../../parts/problem";
import { checkJson, print } from "../../releases/json";
import type { Json } from "../../releases/merge";
import { ReleaseConflict } from "./conflict";
import { Document } from "./document";
import { NameFields } from "./name_fields";
import { Notes } from "./notes";
import { useSaving } from "./saving";
import { Side } from "./side";
import { guessProduct, useForm, type Form } from "./state";
import type { Subject } from "./subject";
import { nameIn, useVerdict } from "./verdict";

// Another name in the form: the document's follows, and the product, unless somebody has chosen others.
function renamed({ name, product }: Form, blob: Json | undefined, next: string): Partial<Form> {
    const follows = blob !== undefined && nameIn(blob) === name;
    const document = { ...(blob as Record<string, Json>), name: next };
    return {
        name: next,
        product: product === guessProduct(name) ? guessProduct(next) : product,
        ...(follows ? { text: print(document) } : {}),
    };
}

// The text of a file; a new release takes the name, too.
function loaded({ product }: Form, isNew: boolean, text: string, file: string): Partial<Form> {
    const found = checkJson(text) ? "" : nameIn(JSON.parse(text) as Json);
    const name = found || file;
    return isNew ? { text, name, product: product || guessProduct(name) } : { text };
}

interface Props {
    subject: Subject;
    onSaved: (name: string) => void;
}

export function ReleaseEditor({ subject: first, onSaved }: Props): JSX.Element {
    const state = useForm(first);
    const { subject, form, change, touched } = state;
    const verdict = useVerdict(state);
    const { target, blob, direct, wrongName, wrongProduct } = verdict;
    const { busy, error, clash, choose, send } = useSaving(state, verdict, onSaved);
    const isNew = subject.kind === null;
    const dead = busy
        ? "In progress…"
        : (whyNot("release", isNew ? "create" : "modify", target.product || undefined) ??
          verdict.dead ??
          (clash?.open.length ? "Decide what both of you changed first" : null));
    useKeys([
        {
            key: "mod+Enter",
            does: "Save",
            run: () => {
                if (!dead) {
                    void send(direct && form.when.choice === "soon");
                }
            },
        },
    ]);
    return (
        <form class="editor release-editor" onSubmit={event => event.preventDefault()}>
            <div class="stack">
                <Notes subject={subject} drafted={state.drafted} kept={state.kept} />
                {clash ? <ReleaseConflict clash={clash} onChoose={choose} /> : null}
                {isNew ? (
                    <NameFields
                        name={form.name}
                        product={form.product}
                        wrong={touched ? { name: wrongName, product: wrongProduct } : { name: null, product: null }}
                        onName={next => change(renamed(form, blob, next))}
                        onProduct={product => change({ product })}
                    />
                ) : null}
                <Document
                    text={form.text}
                    blob={blob}
                    name={target.name}
                    problems={verdict.problems}
                    readOnly={subject.readOnly}
                    busy={busy}
                    onText={text => change({ text })}
                    onFile={(text, file) => change(loaded(form, isNew, text, file))}
                />
                {isNew ? null : (
                    <div class="panel group">
                        <WhenFields when={form.when} withoutUptake onChange={when => change({ when })} />
                    </div>
                )}
                {error ? <Problem error={error} /> : null}
                <SaveRow
                    now={direct ? (isNew ? "Make it" : "Apply now") : null}
                    later={isNew ? null : subject.pending ? "Save the pending change" : "Schedule"}
                    signsAs={verdict.trial.answer?.signs_as}
                    dead={dead}
                    touched={touched}
                    onNow={() => void send(true)}
                    onLater={() => void send(false)}
                />
            </div>
            <Side subject={subject} verdict={verdict} />
        </form>
    );
}
