// Pins: clients that ask for one are kept at its release. Listed with who set each of them.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { call, get, type Schema } from "../../api/client";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { refreshShared } from "../../api/shared";
import { link, place, setQuery } from "../../app/router";
import { PendingBlock } from "../../changes/pending_block";
import { pendingRows, type PendingRow } from "../../changes/rows";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Mark } from "../../parts/mark";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import { Relative } from "../../parts/time";
import { say } from "../../parts/toast";
import { ReleaseName } from "../../releases/release_name";
import { PinDialog } from "./pin_dialog";

type Pin = Schema["Pin"];
type PendingPin = PendingRow<Schema["ScheduledPinPending"]>;
type OddPin = NonNullable<Schema["Status"]["odd_pins"]>[number];

interface Loads {
    pins: Pin[];
    pending: PendingPin[];
    odd: OddPin[];
    history: Schema["HistoryEntry"][];
}

const HISTORY = 200;
const ACTIONS = { insert: "create", update: "modify", delete: "delete" };

// Who set a pin, and which ones lead nowhere, is shown if it can be read: the list does not wait for it.
async function load(signal: AbortSignal): Promise<Loads> {
    const [{ pins }, pending, history, status] = await Promise.all([
        get("/v2/pins", { signal }),
        pendingRows("pinnable_releases", get("/scheduled_changes/pinnable_releases", { signal }), signal),
        get("/history", { query: { object: "pinnable_releases", limit: HISTORY }, signal }).catch(() => null),
        get("/status", { signal }).catch(() => null),
    ]);
    return { pins, pending, history: history?.entries ?? [], odd: status?.odd_pins ?? [] };
}

interface Key {
    product: string | null;
    channel: string | null;
    version: string | null;
}

const same = (a: Key, b: Key): boolean => a.product === b.product && a.channel === b.channel && a.version === b.version;
const nameOf = ({ product, channel, version }: Key): string => `${product} ${channel} ${version}`;

function By({ pin, history }: { pin: Pin; history: Schema["HistoryEntry"][] }): JSX.Element {
    const entry = history.find(({ what, key }) => what === "row" && same(key as unknown as Key, pin));
    return entry ? (
        <span>
            {entry.changed_by}, <Relative at={entry.timestamp} />
        </span>
    ) : (
        <span class="soft">not recorded</span>
    );
}

function Row({ pin, loads, reload }: { pin: Pin; loads: Loads; reload: () => Promise<void> }): JSX.Element {
    const [open, setOpen] = useState<"change" | "remove" | null>(null);
    const { product, channel, version, mapping, data_version } = pin;
    const odd = loads.odd.find(other => same(other, pin));
    const waits = loads.pending.some(change => same(change, pin)) ? "Something is pending for it" : null;
    return (
        <tr>
            <td>
                {product} {channel}
            </td>
            <td class="mono">{version}</td>
            <td>
                <ReleaseName name={mapping} />
                {odd ? (
                    <>
                        <br />
                        <Mark tone="red">! is not served</Mark> <span class="small">{odd.reason}</span>
                    </>
                ) : null}
            </td>
            <td class="small">
                <By pin={pin} history={loads.history} />
            </td>
            <td>
                <span class="row">
                    <Button
                        kind="small"
                        label={`Change the pin ${nameOf(pin)}`}
                        dead={whyNot("pinnable_release", "modify", product) ?? waits}
                        onClick={() => setOpen("change")}>
                        Change…
                    </Button>
                    <Button
                        kind="danger small"
                        label={`Remove the pin ${nameOf(pin)}`}
                        dead={whyNot("pinnable_release", "delete", product) ?? waits}
                        onClick={() => setOpen("remove")}>
                        Remove…
                    </Button>
                </span>
                {open === "change" ? <PinDialog pin={pin} onClose={() => setOpen(null)} reload={reload} /> : null}
                {open === "remove" ? (
                    <Confirm
                        title={`Remove the pin ${nameOf(pin)}?`}
                        does="Remove"
                        danger
                        onClose={() => setOpen(null)}
                        run={async () => {
                            const path = { product, channel, version };
                            await call("delete", "/v2/pins/{product}/{channel}/{version}", {
                                path,
                                query: { data_version },
                            });
                            say(`Removed: the pin ${nameOf(pin)}`);
                            void refreshShared();
                            await reload();
                        }}>
                        <p>
                            At once. Clients that ask for {version} on {product} {channel} then get what the rules give
                            everybody, {mapping} or not.
                        </p>
                    </Confirm>
                ) : null}
            </td>
        </tr>
    );
}

function Shown({ loads, reload }: { loads: Loads; reload: () => Promise<void> }): JSX.Element {
    const { query } = place.value;
    const product = query.get("product") ?? "";
    const channel = query.get("channel") ?? "";
    const fits = (key: Key): boolean => (!product || key.product === product) && (!channel || key.channel === channel);
    const pins = loads.pins.filter(fits);
    const pending = loads.pending.filter(fits);
    return (
        <div class="stack">
            {pending.length ? (
                <section class="panel">
                    <header>
                        <h2>Pending</h2>
                    </header>
                    <div class="body stack">
                        {pending.map(change => {
                            const name = nameOf(change);
                            const title =
                                change.change_type === "delete" ? `Remove ${name}` : `${name} → ${change.mapping}`;
                            return (
                                <PendingBlock
                                    key={change.sc_id}
                                    change={change}
                                    title={title}
                                    does="Drop this change"
                                    dead={whyNot("pinnable_release", ACTIONS[change.change_type], change.product)}
                                    headline={title}
                                    reload={reload}
                                />
                            );
                        })}
                    </div>
                </section>
            ) : null}
            {pins.length ? (
                <div class="table-box">
                    <table class="cards pins" aria-label="Pins">
                        <thead>
                            <tr>
                                <th scope="col">Product and channel</th>
                                <th scope="col">Pin</th>
                                <th scope="col">Kept at</th>
                                <th scope="col">Set by</th>
                                <th scope="col">Actions</th>
                            </tr>
                        </thead>
                        <tbody>
                            {pins.map(pin => (
                                <Row key={nameOf(pin)} pin={pin} loads={loads} reload={reload} />
                            ))}
                        </tbody>
                    </table>
                </div>
            ) : loads.pins.length ? (
                <Empty>
                    None of the {loads.pins.length} pins is for {product} {channel}.{" "}
                    <a href={link("/pins")}>All pins</a>
                </Empty>
            ) : (
                <Empty>There is no pin: clients that ask for one get what the rules give everybody.</Empty>
            )}
        </div>
    );
}

const choices = (all: string, values: (string | null)[], chosen: string): { value: string; text: string }[] => [
    { value: "", text: all },
    ...[...new Set(chosen ? [...values, chosen] : values)]
        .sort()
        .map(value => ({ value: value ?? "", text: value ?? "" })),
];

export function Page(): JSX.Element {
    const { query } = place.value;
    const product = query.get("product") ?? "";
    const channel = query.get("channel") ?? "";
    const data = useData("pins", load);
    const [adding, setAdding] = useState(false);
    const pins = data.value?.pins ?? [];
    const dead = whyNot("pinnable_release", "create");
    useKeys([{ key: "n", does: "Set a pin", run: () => !dead && setAdding(true) }]);
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Pins</h1>
                <span class="grow" />
                <Select
                    label="Product"
                    hideLabel
                    value={product}
                    options={choices(
                        "All products",
                        pins.map(pin => pin.product),
                        product,
                    )}
                    onChange={value => setQuery({ product: value, channel: null })}
                />
                <Select
                    label="Channel"
                    hideLabel
                    value={channel}
                    options={choices(
                        "All channels",
                        pins.filter(pin => !product || pin.product === product).map(pin => pin.channel),
                        channel,
                    )}
                    onChange={value => setQuery({ channel: value })}
                />
                <Button kind="primary" dead={dead} onClick={() => setAdding(true)}>
                    Set a pin…
                </Button>
            </div>
            <Loaded data={data}>{loads => <Shown loads={loads} reload={data.reload} />}</Loaded>
            {adding ? (
                <PinDialog
                    pin={{ product, channel, version: "", mapping: "", data_version: 0 }}
                    onClose={() => setAdding(false)}
                    reload={data.reload}
                />
            ) : null}
        </>
    );
}
