// What is stopped, why, and how it is turned on again.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { call, post, rehearse, type Body } from "../../api/client";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { partialStops, refreshShared, stops, type PartialStop } from "../../api/shared";
import { allPending, drop, type PendingChange } from "../../changes/api";
import { SignControl, SignoffList } from "../../changes/sign_control";
import { changeLink } from "../../changes/words";
import { soon } from "../../changes/when";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Effect } from "../../changes/effect";
import { Empty, Loaded } from "../../parts/states";
import { Moment } from "../../parts/time";
import { say } from "../../parts/toast";
import { openStop } from "../../stops/dialog";
import { isPartial, stopKey, stopName, type AnyStop } from "../../stops/partial";

const WHOLE = "/scheduled_changes/emergency_shutoff";
const PART = "/scheduled_changes/partial_stops";

const wholeBody = ({ product, channel, data_version }: AnyStop): Body<typeof WHOLE, "post"> => ({
    change_type: "delete",
    ...{ product, channel, data_version, when: soon() },
});
const partBody = ({ stop_id, data_version }: PartialStop): Body<typeof PART, "post"> => ({
    change_type: "delete",
    ...{ stop_id, data_version, when: soon() },
});

// The sign-offs that the end of the stop needs.
async function neededFor(stop: AnyStop): Promise<Record<string, number>> {
    const plan = isPartial(stop)
        ? await rehearse("post", PART, { body: partBody(stop) })
        : await rehearse("post", WHOLE, { body: wholeBody(stop) });
    return plan.required_signoffs;
}

const schedule = (stop: AnyStop): Promise<unknown> =>
    isPartial(stop) ? post(PART, { body: partBody(stop) }) : post(WHOLE, { body: wholeBody(stop) });

async function deleteStop(stop: AnyStop): Promise<void> {
    const { product, channel, data_version } = stop;
    const query = { data_version };
    await (isPartial(stop)
        ? call("delete", "/partial_stops/{stop_id}", { path: { stop_id: stop.stop_id }, query })
        : call("delete", "/emergency_shutoff/{product}/{channel}", { path: { product, channel }, query }));
}

interface TurnOnProps {
    stop: AnyStop;
    onClose: () => void;
    onDone: () => Promise<void>;
}

function TurnOn({ stop, onClose, onDone }: TurnOnProps): JSX.Element {
    const { product, channel, data_version } = stop;
    const name = stopName(stop);
    const needed = useData(`on ${stopKey(stop)} ${data_version}`, () => neededFor(stop), { refreshMs: 0 });
    const list = Object.entries(needed.value ?? {});
    const run = async (): Promise<void> => {
        if (list.length) {
            await schedule(stop);
            say(`Scheduled: ${name} gets updates again, once everybody has signed`);
        } else {
            await deleteStop(stop);
            say(`${name} gets updates again`);
        }
        await refreshShared();
        await onDone();
    };
    return (
        <Confirm
            title={`Turn on ${name} again?`}
            does={list.length ? "Schedule" : "Turn on"}
            dead={needed.value ? null : "It is not known yet who has to sign"}
            onClose={onClose}
            run={run}>
            {stop.comment ? <p>Stopped because: {stop.comment}</p> : <p>No reason was given.</p>}
            <Loaded data={needed}>
                {() =>
                    list.length ? (
                        <p>It needs these sign-offs: {list.map(([role, n]) => `${n} × ${role}`).join(", ")}.</p>
                    ) : (
                        <p>Nobody has to sign: clients get updates at once.</p>
                    )
                }
            </Loaded>
            <Effect
                changes={[
                    isPartial(stop)
                        ? { table: "partial_stops", change_type: "delete", stop_id: stop.stop_id }
                        : { table: "emergency_shutoff", change_type: "delete", product, channel },
                ]}
                product={product}
                channel={channel}
            />
        </Confirm>
    );
}

interface CardProps {
    stop: AnyStop;
    pending: PendingChange | null;
    reload: () => Promise<void>;
}

function Card({ stop, pending, reload }: CardProps): JSX.Element {
    const [turning, setTurning] = useState(false);
    const name = stopName(stop);
    return (
        <section class="panel stopped">
            <header>
                <h2>{name}</h2>
                {pending ? null : (
                    <Button dead={whyNot("emergency_shutoff", "delete", stop.product)} onClick={() => setTurning(true)}>
                        Turn on again…
                    </Button>
                )}
            </header>
            <div class="body stack">
                <p>{stop.comment ?? <span class="soft">No reason was given.</span>}</p>
                {stop.created_at ? (
                    <p class="soft">
                        Stopped <Moment at={stop.created_at} /> by {stop.created_by}
                    </p>
                ) : null}
                {pending ? (
                    <>
                        <p>
                            <a href={changeLink(pending.kind, pending.id)}>Turning it on is scheduled</a>
                            {pending.when ? (
                                <>
                                    : <Moment at={pending.when} />
                                </>
                            ) : null}
                        </p>
                        <SignoffList change={pending} />
                        <div class="row">
                            <SignControl change={pending} title={`turn on ${name}`} onDone={reload} />
                            <Button
                                dead={whyNot("emergency_shutoff", "delete", stop.product)}
                                onClick={() =>
                                    void drop(pending)
                                        .then(
                                            () => say(`${name} stays off`),
                                            error => say(String(error)),
                                        )
                                        .then(reload)
                                }>
                                Keep it off
                            </Button>
                        </div>
                    </>
                ) : null}
            </div>
            {turning ? <TurnOn stop={stop} onClose={() => setTurning(false)} onDone={reload} /> : null}
        </section>
    );
}

// Whether the pending change is the end of this stop.
const ends = (change: PendingChange, stop: AnyStop): boolean =>
    isPartial(stop)
        ? change.kind === "partial_stops" && change.title === `partial stop ${stop.stop_id}`
        : change.kind === "emergency_shutoff" &&
          change.old_product === stop.product &&
          change.old_channel === stop.channel;

export function Page(): JSX.Element {
    const data = useData("stops", async signal => {
        const [changes] = await Promise.all([allPending(signal), refreshShared()]);
        return changes;
    });
    const all = [...stops.value, ...partialStops.value];
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Emergency stop</h1>
                <span class="grow" />
                <Button kind="danger primary" dead={whyNot("emergency_shutoff", "create")} onClick={openStop}>
                    Stop updates…
                </Button>
            </div>
            <Loaded data={data}>
                {changes =>
                    all.length ? (
                        <div class="stack">
                            {all.map(stop => (
                                <Card
                                    key={stopKey(stop)}
                                    stop={stop}
                                    pending={changes.find(change => ends(change, stop)) ?? null}
                                    reload={data.reload}
                                />
                            ))}
                        </div>
                    ) : (
                        <Empty>Nothing is stopped: all channels get updates.</Empty>
                    )
                }
            </Loaded>
        </>
    );
}
