// What is stopped, why, and how it is turned on again.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { call, post, rehearse, type Body } from "../../api/client";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { refreshShared, stops, type Stop } from "../../api/shared";
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

type Deletion = Body<"/scheduled_changes/emergency_shutoff", "post">;

const deletionOf = ({ product, channel, data_version }: Stop): Deletion => ({
    change_type: "delete",
    ...{ product, channel, data_version, when: soon() },
});

function TurnOn({
    stop,
    onClose,
    onDone,
}: {
    stop: Stop;
    onClose: () => void;
    onDone: () => Promise<void>;
}): JSX.Element {
    const { product, channel, data_version } = stop;
    const needed = useData(
        `on ${product} ${channel} ${data_version}`,
        async () =>
            (await rehearse("post", "/scheduled_changes/emergency_shutoff", { body: deletionOf(stop) }))
                .required_signoffs,
        { refreshMs: 0 },
    );
    const list = Object.entries(needed.value ?? {});
    const run = async (): Promise<void> => {
        if (list.length) {
            await post("/scheduled_changes/emergency_shutoff", { body: deletionOf(stop) });
            say(`Scheduled: ${product} ${channel} gets updates again, once everybody has signed`);
        } else {
            const path = { product, channel };
            await call("delete", "/emergency_shutoff/{product}/{channel}", { path, query: { data_version } });
            say(`${product} ${channel} gets updates again`);
        }
        await refreshShared();
        await onDone();
    };
    return (
        <Confirm
            title={`Turn on ${product} ${channel} again?`}
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
                changes={[{ table: "emergency_shutoff", change_type: "delete", product, channel }]}
                product={product}
                channel={channel}
            />
        </Confirm>
    );
}

interface CardProps {
    stop: Stop;
    pending: PendingChange | null;
    reload: () => Promise<void>;
}

function Card({ stop, pending, reload }: CardProps): JSX.Element {
    const [turning, setTurning] = useState(false);
    const name = `${stop.product} ${stop.channel}`;
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

export function Page(): JSX.Element {
    const data = useData("stops", async signal => {
        const [changes] = await Promise.all([allPending(signal), refreshShared()]);
        return changes.filter(change => change.kind === "emergency_shutoff");
    });
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
                    stops.value.length ? (
                        <div class="stack">
                            {stops.value.map(stop => (
                                <Card
                                    key={`${stop.product} ${stop.channel}`}
                                    stop={stop}
                                    pending={
                                        changes.find(
                                            c => c.old_product === stop.product && c.old_channel === stop.channel,
                                        ) ?? null
                                    }
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
