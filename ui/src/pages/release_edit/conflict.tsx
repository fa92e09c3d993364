import type { JSX } from "preact";
import { ClashNote } from "../../changes/clash";
import type { Conflict, Json } from "../../releases/merge";

export interface Clash {
    taken: string[];
    open: Conflict[];
}

interface Props {
    clash: Clash;
    onChoose: (conflict: Conflict, value: Json | undefined) => void;
}

const LONGEST = 160;
const LISTED = 5;

function short(value: Json | undefined): string {
    if (value === undefined) {
        return "nothing";
    }
    const text = JSON.stringify(value);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function takenWords(taken: string[]): string {
    const more = taken.length - LISTED;
    return `${taken.slice(0, LISTED).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

// The places that both changed, as they were, as they are now, and as I want them.
export function ReleaseConflict({ clash, onChoose }: Props): JSX.Element {
    const rows = clash.open.map(conflict => ({
        place: conflict.pointer,
        was: short(conflict.was),
        now: short(conflict.now),
        mine: short(conflict.mine),
        onNow: () => onChoose(conflict, conflict.now),
        onMine: () => onChoose(conflict, conflict.mine),
    }));
    return <ClashNote of="Place" taken={takenWords(clash.taken)} rows={rows} kind="mono" />;
}
