// Somebody else has changed what I edit. What only they changed is taken, what only I changed is kept, and what both
// changed is asked.
import { COLUMNS, type Column } from "../../rules/columns";
import type { Form } from "../../rules/form";

export interface Merge {
    form: Form;
    taken: Column[];
    conflicts: Column[];
}

export function merge(was: Form, now: Form, mine: Form): Merge {
    const form = { ...mine };
    const taken: Column[] = [];
    const conflicts: Column[] = [];
    for (const { column } of COLUMNS) {
        const theyChanged = now[column] !== was[column];
        const iChanged = mine[column] !== was[column];
        if (theyChanged && !iChanged) {
            form[column] = now[column];
            taken.push(column);
        } else if (theyChanged && mine[column] !== now[column]) {
            conflicts.push(column);
        }
    }
    return { form, taken, conflicts };
}
