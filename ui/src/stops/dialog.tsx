// The emergency stop: three keys. The first opens the dialog, the second chooses, the third stops. Nothing has to be typed; the
// reason is asked afterwards, and the proof that the clients' servers know comes by itself.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { get, post, type Failure } from "../api/client";
import { asFailure } from "../api/data";
import { refreshShared, stops, type PartialStop, type Stop } from "../api/shared";
import { link } from "../app/router";
import { serverNow, utcWithSeconds } from "../format/time";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { Mark } from "../parts/mark";
import { Options } from "../parts/options";
import { Problem } from "../parts/problem";
import { Note } from "../parts/note";
import { labelOf } from "../rules/columns";
import { findPairs, others, platforms, remember, samePair, type Pair } from "./pairs";
import { OFFERED, phraseOf, type Conditions } from "./partial";

// Keys that were pressed before somebody can have seen the dialog do not count.
const GUARD_MS = 300;
const PROOF_MS = 15_000;
const POLL_MS = 300;

export const stopOpen = signal(false);

export function openStop(): void {
    stopOpen.value = true;
}

interface Sent {
    at: number;
    feedId: number | null;
    version: number;
    // Of a partial stop.
    stopId: number | null;
    only: string;
    warning: string | null;
}

// ONLY: null for all clients of the channel.
async function stop(pair: Pair, only: Conditions | null): Promise<Sent> {
    let feedId: number | null = null;
    const at = serverNow();
    const body = { ...pair, ...only };
    const made = (await post("/emergency_shutoff", { body, onFeedId: id => (feedId = id) })) as unknown as Stop &
        Partial<PartialStop> & { warning?: string | null };
    return {
        ...{ at, feedId, version: made.data_version, stopId: made.stop_id ?? null },
        ...{ only: made.stop_id ? phraseOf(made) : "", warning: made.warning ?? null },
    };
}

type Proof = "waiting" | "served" | "late";

// Asks until every server that answers clients has reported that it knows of the change.
function useProof(sent: Sent | null): Proof {
    const [proof, setProof] = useState<Proof>("waiting");
    useEffect(() => {
        let wanted = true;
        const ask = async (feedId: number): Promise<void> => {
            const end = Date.now() + PROOF_MS;
            while (wanted && Date.now() < end) {
                const answer = await get("/served", { query: { feed_id: feedId } }).catch(() => null);
                if (answer?.served) {
                    setProof("served");
                    return;
                }
                await new Promise(resolve => setTimeout(resolve, POLL_MS));
            }
            if (wanted) {
                setProof("late");
            }
        };
        if (sent?.feedId) {
            void ask(sent.feedId);
        }
        return () => {
            wanted = false;
        };
    }, [sent]);
    return proof;
}

function Stopped({ pair, sent, onClose }: { pair: Pair; sent: Sent; onClose: () => void }): JSX.Element {
    const proof = useProof(sent);
    const [reason, setReason] = useState("");
    const [error, setError] = useState<Failure | null>(null);
    const goesOn = [...(sent.only ? [`other clients of ${pair.channel}`] : []), ...others(pair)];
    const save = async (): Promise<void> => {
        try {
            if (reason.trim()) {
                const body = { comment: reason.trim(), data_version: sent.version };
                await (sent.stopId
                    ? post("/partial_stops/{stop_id}", { path: { stop_id: sent.stopId }, body })
                    : post("/emergency_shutoff/{product}/{channel}", { path: { ...pair }, body }));
                void refreshShared();
            }
            onClose();
        } catch (failure) {
            setError(asFailure(failure));
        }
    };
    return (
        <Dialog
            title={`Stopped: ${pair.product} ${pair.channel}${sent.only ? `, only ${sent.only}` : ""}`}
            danger
            onClose={onClose}
            onSubmit={() => void save()}>
            <p role="status">
                Sent {utcWithSeconds(sent.at)} UTC{sent.feedId ? ` as change ${sent.feedId}` : ""}.{" "}
                {proof === "served" ? (
                    <Mark tone="green">✓ every server knows: clients get no update any more</Mark>
                ) : proof === "late" ? (
                    <Mark tone="red">! not every server has reported that it knows: look at the status page</Mark>
                ) : (
                    <Mark tone="amber">○ waits for the servers</Mark>
                )}
            </p>
            {sent.warning ? <Note tone="red">{sent.warning}</Note> : null}
            {goesOn.length ? <p class="soft">Goes on: {goesOn.join(", ")}</p> : null}
            <Field
                label="Reason, for everybody"
                value={reason}
                onInput={setReason}
                placeholder="crash on start, bug …"
                autofocus
            />
            {error ? <Problem error={error} /> : null}
            <div class="actions">
                <Button href={link("/stop")}>Turn on again…</Button>
                <Button submit kind="primary">
                    {reason.trim() ? "Save the reason" : "Close"}
                </Button>
            </div>
        </Dialog>
    );
}

function Choose({ onChoose, onClose }: { onChoose: (pair: Pair) => void; onClose: () => void }): JSX.Element {
    const [text, setText] = useState("");
    return (
        <Dialog title="Stop updates" danger onClose={onClose}>
            <Options
                label="Product and channel"
                placeholder="Product and channel"
                text={text}
                onText={setText}
                options={findPairs(text)}
                keyOf={pair => `${pair.product} ${pair.channel}`}
                draw={pair => (
                    <>
                        <span class="grow">
                            {pair.product} {pair.channel}
                        </span>
                        {stops.value.some(other => samePair(other, pair)) ? <Mark tone="red">stopped</Mark> : null}
                    </>
                )}
                onChoose={onChoose}
                none="Type a product and a channel."
            />
        </Dialog>
    );
}

interface SureProps {
    pair: Pair;
    busy: boolean;
    error: Failure | null;
    onStop: (only: Conditions | null) => void;
    onClose: () => void;
}

const HELP: Record<(typeof OFFERED)[number], string> = {
    buildTarget: "One platform, as clients send it. For several, make a stop for each.",
    version: "<130.0, 129.* or a list with commas",
    locale: "de,fr",
    osVersion: "A part of what clients send: Windows_NT 10.0",
    buildID: "<20260101000000",
};

function Only({ only, onOnly }: { only: Conditions; onOnly: (only: Conditions) => void }): JSX.Element {
    return (
        <>
            <p>Only clients that match all of these get no update; the others go on.</p>
            {OFFERED.map(name => (
                <Field
                    key={name}
                    label={labelOf(name)}
                    value={only[name] ?? ""}
                    onInput={value => onOnly({ ...only, [name]: value })}
                    help={HELP[name]}
                    suggestions={name === "buildTarget" ? platforms.value : undefined}
                    autofocus={name === "buildTarget"}
                />
            ))}
        </>
    );
}

function Sure({ pair, busy, error, onStop, onClose }: SureProps): JSX.Element {
    const form = useRef<HTMLDivElement>(null);
    const [only, setOnly] = useState<Conditions | null>(null);
    const given = only && Object.fromEntries(Object.entries(only).filter(([, value]) => value.trim()));
    const empty = given !== null && !Object.keys(given).length;
    const dead = busy ? "In progress…" : empty ? "Say which clients, or stop all of them" : null;
    useEffect(() => form.current?.querySelector<HTMLElement>("button.primary")?.focus(), []);
    return (
        <Dialog
            title={`Stop ${pair.product} ${pair.channel}?`}
            danger
            onClose={onClose}
            onSubmit={() => (dead ? undefined : onStop(given))}>
            <div class="stack" ref={form}>
                {only ? (
                    <Only only={only} onOnly={setOnly} />
                ) : (
                    <p>Clients of this channel get no update at all, until updates are turned on again.</p>
                )}
                {error ? <Problem error={error} /> : null}
                <div class="actions">
                    <Button onClick={() => setOnly(only ? null : {})}>
                        {only ? "All clients" : "Only some platforms…"}
                    </Button>
                    <Button onClick={onClose}>Cancel</Button>
                    <Button submit kind="danger primary" dead={dead}>
                        {only ? "Stop these" : "Stop updates"}
                    </Button>
                </div>
            </div>
        </Dialog>
    );
}

export function StopDialog({ onClose }: { onClose: () => void }): JSX.Element {
    const [shownAt, setShownAt] = useState(performance.now());
    const [pair, setPair] = useState<Pair | null>(null);
    const [sent, setSent] = useState<Sent | null>(null);
    const [error, setError] = useState<Failure | null>(null);
    const [busy, setBusy] = useState(false);
    const early = (): boolean => performance.now() - shownAt < GUARD_MS;
    const run = async (chosen: Pair, only: Conditions | null): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            setSent(await stop(chosen, only));
            remember(chosen);
            void refreshShared();
        } catch (failure) {
            setError(asFailure(failure));
        }
        setBusy(false);
    };
    if (pair && sent) {
        return <Stopped pair={pair} sent={sent} onClose={onClose} />;
    }
    if (pair) {
        return (
            <Sure
                key="sure"
                pair={pair}
                busy={busy}
                error={error}
                onStop={only => !early() && !busy && void run(pair, only)}
                onClose={onClose}
            />
        );
    }
    return (
        <Choose
            key="choose"
            onClose={onClose}
            onChoose={chosen => {
                if (!early()) {
                    setPair(chosen);
                    setShownAt(performance.now());
                }
            }}
        />
    );
}
