import type { JSX } from "preact";
import { ClashNote } from "../../changes/clash";
import { labelOf, type Column } from "../../rules/columns";
import type { Form } from "../../rules/form";

export interface Clash {
    was: Form;
    now: Form;
    taken: Column[];
    open: Column[];
}

interface Props {
    clash: Clash;
    form: Form;
    onChoose: (column: Column, value: string) => void;
}

// The columns that both changed, as they were, as they are now, and as I want them.
export function RuleConflict({ clash, form, onChoose }: Props): JSX.Element {
    const rows = clash.open.map(column => ({
        place: labelOf(column),
        was: clash.was[column] || "not set",
        now: clash.now[column] || "not set",
        mine: form[column] || "not set",
        onNow: () => onChoose(column, clash.now[column]),
        onMine: () => onChoose(column, form[column]),
    }));
    return <ClashNote of="Column" taken={clash.taken.map(labelOf).join(", ")} rows={rows} />;
}
