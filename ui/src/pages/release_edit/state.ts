// What is in the form, and the draft of it that this tab keeps.
import { useEffect, useState } from "preact/hooks";
import { unsaved } from "../../app/router";
import { keepDraft, readDraft } from "../../changes/draft";
import { SOON, whenOf, type When } from "../../changes/when";
import { print } from "../../releases/json";
import type { Json } from "../../releases/merge";
import { settledMs } from "./checked";
import type { Subject } from "./subject";

export interface Form {
    text: string;
    name: string;
    product: string;
    when: When;
}

interface Draft extends Form {
    versions: string;
}

// The product that a name begins with, as in Firefox-130.0-build3; or "".
export function guessProduct(name: string): string {
    return /^[A-Za-z]+(?=-)/.exec(name)?.[0] ?? "";
}

function startForm({ name, product, pending, start }: Subject): Form {
    const none = { telemetry_product: null, telemetry_channel: null, telemetry_uptake: null };
    const when = pending ? whenOf({ when: pending.when, ...none }) : SOON;
    return { text: print(start), name, product: product || guessProduct(name), when };
}

export interface FormState {
    subject: Subject;
    base: Json; // what the form began with
    form: Form;
    change: (some: Partial<Form>) => void;
    // Goes on from another state of the release, with this text.
    rebase: (subject: Subject, text: string) => void;
    finish: () => void;
    touched: boolean;
    moved: boolean; // it has another time than what is scheduled
    drafted: boolean; // it began with a draft
    kept: boolean; // the browser has kept a draft
}

export function useForm(first: Subject): FormState {
    const id = `release ${first.kind ? first.name : "new"}`;
    const [subject, setSubject] = useState(first);
    const [draft] = useState(() => readDraft<Draft>(id, first.state));
    const [form, setForm] = useState<Form>(() => draft ?? startForm(first));
    const [touched, setTouched] = useState(!!draft);
    const [kept, setKept] = useState(true);
    useEffect(() => {
        unsaved.value = touched ? "What you typed is not saved. Leave the form?" : null;
        if (!touched) {
            return undefined;
        }
        const timer = setTimeout(
            () => setKept(keepDraft(id, { ...form, versions: subject.state })),
            settledMs(form.text) / 2,
        );
        return () => clearTimeout(timer);
    }, [form, touched, subject]);
    return {
        subject,
        base: subject.start,
        form,
        touched,
        moved: JSON.stringify(form.when) !== JSON.stringify(startForm(subject).when),
        drafted: !!draft,
        kept,
        change: some => {
            setTouched(true);
            setForm(old => ({ ...old, ...some }));
        },
        rebase: (fresh, text) => {
            setSubject(fresh);
            setForm(old => ({ ...old, text }));
        },
        finish: () => {
            setTouched(false);
            keepDraft(id, null);
            unsaved.value = null;
        },
    };
}
