// Pending changes of one kind with all their columns, and what /pending says of each of them.
import type { Schema } from "../api/client";
import { allPending, type ChangeRef, type Kind, type PendingChange } from "./api";

export type PendingRow<R> = R & ChangeRef & { entry: PendingChange | null };

type Scheduled = Schema["Change"] & Schema["Pending"];

export async function pendingRows<R extends Scheduled>(
    kind: Kind,
    list: Promise<{ scheduled_changes: R[] }>,
    signal: AbortSignal,
): Promise<PendingRow<R>[]> {
    const [{ scheduled_changes: rows }, entries] = await Promise.all([list, allPending(signal, kind)]);
    return rows.map(row => ({
        ...row,
        kind,
        id: row.sc_id,
        entry: entries.find(entry => entry.id === row.sc_id) ?? null,
    }));
}
