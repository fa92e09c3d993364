// What is to be saved, what is wrong with it, and what saving it would need.
import { useMemo } from "preact/hooks";
import { isDirect, useTrial, type Trial } from "../../changes/trial";
import { whenColumns, wrongWhen } from "../../changes/when";
import type { TextProblem } from "../../releases/json";
import { differences, same, type Change, type Json } from "../../releases/merge";
import { problemsIn } from "../../releases/problems";
import { settledMs, useChecked } from "./checked";
import type { FormState } from "./state";
import { tryOut, type Subject } from "./subject";

export function nameIn(blob: Json | undefined): string {
    const name = (blob as { name?: unknown } | undefined)?.name;
    return typeof name === "string" ? name : "";
}

export interface Verdict {
    target: Subject; // with the name and product of the form
    blob: Json | undefined; // undefined while the text is wrong
    whenMs: number | null; // null: at once
    changes: Change[] | null;
    wrongName: string | null;
    wrongProduct: string | null;
    problems: TextProblem[];
    trial: Trial; // without what is said at a line of the text
    direct: boolean;
    // Why it cannot be saved as it is, or null.
    dead: string | null;
}

function wrongNameOf(name: string, blob: Json | undefined): string | null {
    if (!name) {
        return "A name is needed";
    }
    return blob !== undefined && nameIn(blob) !== name ? `The document has the name “${nameIn(blob)}”` : null;
}

export function useVerdict({ subject, form, moved }: FormState): Verdict {
    const { text, name, product, when } = form;
    const isNew = subject.kind === null;
    const checked = useChecked(text);
    const { blob } = checked;
    const target = isNew ? { ...subject, name: name.trim(), product: product.trim() } : subject;
    const changes = useMemo(
        () => (blob === undefined ? null : differences(subject.present ?? {}, blob)),
        [blob, subject],
    );
    const changed = subject.pending ? moved || !same(blob, subject.start) : !!changes?.length;
    const wrongName = wrongNameOf(target.name, blob);
    const wrongProduct = target.product ? null : "A product is needed";
    const whenMs = isNew ? null : (whenColumns(when).when ?? 0);
    const dead =
        (subject.readOnly ? "The release is read-only" : null) ??
        (checked.text !== text ? "The text is being checked" : null) ??
        (blob === undefined ? "The text is not valid JSON" : null) ??
        wrongName ??
        wrongProduct ??
        (isNew ? null : wrongWhen(when)) ??
        (changed ? null : "Nothing is changed yet");
    const trial = useTrial(
        dead ? null : JSON.stringify([subject.state, target.name, target.product, text, when]),
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
    return {
        ...{ target, blob, whenMs, changes, wrongName, wrongProduct, problems },
        trial: reasons.length > 0 && problems.length === reasons.length ? { ...trial, error: null } : trial,
        direct: isNew || (!subject.pending && isDirect(trial)),
        dead: dead ?? (problems.length ? "The document has problems: see below it" : null),
    };
}
