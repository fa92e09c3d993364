// Required sign-offs: of product and channel, and of the permissions for a product.
import { get, post, rehearse, type Schema } from "../api/client";
import { refreshShared } from "../api/shared";
import { pendingRows, type PendingRow } from "../changes/rows";
import { soon } from "../changes/when";
import type { Step } from "../parts/steps";

// What has to be signed: all that clients of a channel get, or (channel null) permissions for the product.
export interface Target {
    product: string;
    channel: string | null;
}

export interface Required extends Target {
    role: string;
    signoffs_required: number;
    data_version: number;
}

export type PendingRequired = PendingRow<
    Schema["ScheduledPermissionsRequiredSignoffPending"] & { channel?: string | null }
>;

export interface Policy {
    required: Required[];
    pending: PendingRequired[];
    holders: Record<string, string[]>;
}

export const targetOf = ({ product, channel }: { product: string | null; channel?: string | null }): Target => ({
    product: product ?? "",
    channel: channel ?? null,
});

export const sameTarget = (a: Target, b: Target): boolean => a.product === b.product && a.channel === b.channel;

export const targetName = ({ product, channel }: Target): string =>
    channel === null ? `permissions for ${product}` : `${product} ${channel}`;

export async function readPolicy(signal: AbortSignal): Promise<Policy> {
    const [channels, permissions, pendingChannels, pendingPermissions, { roles }] = await Promise.all([
        get("/required_signoffs/product", { signal }),
        get("/required_signoffs/permissions", { signal }),
        pendingRows(
            "required_signoffs/product",
            get("/scheduled_changes/required_signoffs/product", { signal }),
            signal,
        ),
        pendingRows(
            "required_signoffs/permissions",
            get("/scheduled_changes/required_signoffs/permissions", { signal }),
            signal,
        ),
        get("/roles", { signal }),
    ]);
    return {
        required: [
            ...channels.required_signoffs,
            ...permissions.required_signoffs.map(row => ({ ...row, channel: null })),
        ],
        pending: [...pendingChannels, ...pendingPermissions],
        holders: roles as Record<string, string[]>,
    };
}

// What a role's number becomes; `now` null: it is not required any more.
export interface Edit extends Target {
    role: string;
    old: Required | null;
    now: number | null;
}

// The first requirement of a target is set at once; all else is scheduled, and signed as the present ones say.
async function set(edit: Edit, direct: boolean): Promise<void> {
    const { product, channel, role, now } = edit;
    if (direct) {
        const body = { product, role, signoffs_required: now ?? 0 };
        await (channel === null
            ? post("/required_signoffs/permissions", { body })
            : post("/required_signoffs/product", { body: { ...body, channel } }));
    } else if (channel === null) {
        await post("/scheduled_changes/required_signoffs/permissions", { body: scheduled(edit) });
    } else {
        await post("/scheduled_changes/required_signoffs/product", { body: { ...scheduled(edit), channel } });
    }
    void refreshShared();
}

function scheduled({ product, role, old, now }: Edit) {
    const type: "insert" | "update" | "delete" = now === null ? "delete" : old ? "update" : "insert";
    return {
        change_type: type,
        ...{ product, role, when: soon() },
        ...(now === null ? {} : { signoffs_required: now }),
        ...(old ? { data_version: old.data_version } : {}),
    };
}

// What the server says of the first edit of a target: all of them need the same sign-offs.
export function tryEdit(edit: Edit, direct: boolean): Promise<Schema["DryRun"]> {
    const { product, channel, role, now } = edit;
    if (direct) {
        const body = { product, role, signoffs_required: now ?? 0 };
        return channel === null
            ? rehearse("post", "/required_signoffs/permissions", { body })
            : rehearse("post", "/required_signoffs/product", { body: { ...body, channel } });
    }
    return channel === null
        ? rehearse("post", "/scheduled_changes/required_signoffs/permissions", { body: scheduled(edit) })
        : rehearse("post", "/scheduled_changes/required_signoffs/product", { body: { ...scheduled(edit), channel } });
}

export function editName({ role, old, now }: Edit): string {
    if (now === null) {
        return `Schedule: ${role} is not needed any more`;
    }
    return old ? `${role}: ${old.signoffs_required} → ${now}` : `${role}: ${now}`;
}

export function editSteps(edits: Edit[], isNew: boolean): Step[] {
    return edits.map((edit, i) => {
        const direct = isNew && i === 0;
        const name = edit.now === null ? editName(edit) : `${direct ? "Set" : "Schedule"} ${editName(edit)}`;
        return { name, run: () => set(edit, direct) };
    });
}
