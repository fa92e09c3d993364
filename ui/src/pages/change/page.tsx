// One pending change: what it does, whom it waits for, its effect on clients, and what can be done with it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get, type Schema } from "../../api/client";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { go, link, segment } from "../../app/router";
import { allPending, KIND_NAMES, type Kind, type PendingChange } from "../../changes/api";
import { useSeen, type Seen } from "../../changes/seen";
import { BrokenList } from "../../changes/warnings";
import { conditionOf, UptakeSoFar } from "../../changes/condition";
import { SeenContent } from "../../changes/content";
import { DropDialog } from "../../changes/drop_dialog";
import { Effect } from "../../changes/effect";
import { SignControl, SignoffList } from "../../changes/sign_control";
import { signoffSentence } from "../../changes/signoffs";
import { changeLink, headline, scopeOf, stateTone, stateWord } from "../../changes/words";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Loaded } from "../../parts/states";
import { Moment } from "../../parts/time";
import { editLink } from "../../releases/links";
import { Done } from "./done";

// Kinds that change what clients get.
const SIMULATED: Kind[] = [
    "rules",
    "releases",
    "v2/releases",
    "pinnable_releases",
    "emergency_shutoff",
    "partial_stops",
];

// Kinds that expectations are about.
const EXPECTED: Kind[] = ["rules", "releases", "v2/releases", "pinnable_releases"];

const PERMISSIONS = {
    rules: "rule",
    releases: "release",
    "v2/releases": "release",
    permissions: "permission",
    emergency_shutoff: "emergency_shutoff",
    partial_stops: "emergency_shutoff",
    "required_signoffs/product": "required_signoff",
    "required_signoffs/permissions": "required_signoff",
    pinnable_releases: "pinnable_release",
} as const;

function WaitsFor({ change }: { change: PendingChange }): JSX.Element {
    const { telemetry } = change;
    return (
        <dl class="pairs">
            <dt>State</dt>
            <dd>
                <Mark tone={stateTone(change)}>{stateWord(change)}</Mark>
            </dd>
            <dt>Time</dt>
            <dd>
                {change.when ? (
                    <Moment at={change.when} />
                ) : telemetry ? (
                    <>
                        {conditionOf(telemetry)}
                        <UptakeSoFar telemetry={telemetry} />
                    </>
                ) : (
                    "as soon as possible"
                )}
            </dd>
            <dt>Scheduled by</dt>
            <dd>{change.scheduled_by}</dd>
        </dl>
    );
}

// The expectations that the change would break; null while that is not known.
function useBreaks(change: PendingChange): { broken: Schema["ExpectationCheck"]["broken"]; blocked: boolean } | null {
    const wanted = EXPECTED.includes(change.kind);
    const data = useData(
        wanted ? `check ${change.kind} ${change.id} ${change.sc_data_version}` : null,
        signal => get("/expectations/check", { query: { with: `${change.kind}:${change.id}` }, signal }),
        { refreshMs: 60_000, visible: false },
    );
    const check = data.value as Schema["ExpectationCheck"] | undefined;
    return check ? { broken: check.broken.filter(one => one.newly), blocked: check.blocked } : null;
}

// Edits of rules and releases happen in their forms; other kinds are changed where they are listed.
function EditButton({ change }: { change: PendingChange }): JSX.Element | null {
    if (change.kind === "rules") {
        return <EditRule change={change} />;
    }
    if ((change.kind === "releases" || change.kind === "v2/releases") && change.change_type !== "delete") {
        return (
            <Button href={editLink(change.title)} dead={whyNot("release", "modify", change.product)}>
                Edit…
            </Button>
        );
    }
    return null;
}

function EditRule({ change }: { change: PendingChange }): JSX.Element | null {
    const data = useData(
        `sc ${change.id}`,
        signal => get("/scheduled_changes/rules/{sc_id}", { path: { sc_id: Number(change.id) }, signal }),
        { refreshMs: 0 },
    );
    const ruleId = data.value?.scheduled_change.rule_id;
    if (!data.value) {
        return null;
    }
    const url =
        ruleId === null || ruleId === undefined
            ? link("/rules/new", { scId: change.id })
            : link(`/rules/${segment(ruleId)}/edit`);
    return (
        <Button href={url} dead={whyNot("rule", "modify", change.product ?? change.old_product)}>
            Edit…
        </Button>
    );
}

function Actions({
    change,
    seen,
    reload,
}: {
    change: PendingChange;
    seen: Seen;
    reload: () => Promise<void>;
}): JSX.Element {
    const [dropping, setDropping] = useState(false);
    const { kind, change_type: type } = change;
    const action = type === "update" || kind === "v2/releases" ? "modify" : type === "insert" ? "create" : "delete";
    return (
        <div class="row sticky">
            <SignControl
                change={seen.change}
                title={headline(change)}
                onDone={reload}
                unseen={seen.unseen}
                onOutdated={seen.renew}
            />
            <EditButton change={change} />
            <Button
                kind="danger"
                dead={whyNot(PERMISSIONS[change.kind], action, change.product ?? change.old_product)}
                onClick={() => setDropping(true)}>
                Drop…
            </Button>
            {dropping ? (
                <DropDialog
                    change={change}
                    title={headline(change)}
                    onClose={() => setDropping(false)}
                    onDropped={() => go(link("/changes"))}
                />
            ) : null}
        </div>
    );
}

function Shown({ change, reload }: { change: PendingChange; reload: () => Promise<void> }): JSX.Element {
    const roles = useData("roles", signal => get("/roles", { signal }), { refreshMs: 60_000 });
    const kindId = `${change.kind}:${change.id}`;
    const seen = useSeen(change);
    const breaks = useBreaks(change);
    return (
        <div class="columns">
            <div class="stack">
                {change.stale ? (
                    <Note tone="red">
                        What it changes has changed since it was scheduled, so it cannot be made. Edit it to make it fit
                        again, or drop it.
                    </Note>
                ) : null}
                {change.failed ? <Note tone="red">The agent could not make it: {change.failed.what}</Note> : null}
                <section class="panel">
                    <header>
                        <h2>Change</h2>
                    </header>
                    <div class="body stack">
                        <SeenContent change={change} seen={seen} />
                        {breaks?.broken.length ? (
                            <BrokenList list={breaks.broken} count={breaks.broken.length} blocked={breaks.blocked} />
                        ) : null}
                    </div>
                </section>
                <section class="panel">
                    <header>
                        <h2>Waits for</h2>
                        <span class="soft">{signoffSentence(change)}</span>
                    </header>
                    <div class="body stack">
                        <WaitsFor change={change} />
                        <SignoffList
                            change={change}
                            signers={roles.value?.roles as Record<string, string[]> | undefined}
                        />
                        <Actions change={change} seen={seen} reload={reload} />
                    </div>
                </section>
            </div>
            {SIMULATED.includes(change.kind) ? (
                <Effect
                    changes={[kindId]}
                    product={change.product ?? change.old_product}
                    channel={change.channel === change.old_channel ? change.channel : null}
                    scheduled={kindId}
                />
            ) : null}
        </div>
    );
}

export function Page({ parts }: { parts: Record<string, string> }): JSX.Element {
    const kind = parts["kind"] as Kind;
    const data = useData(`change ${kind}`, signal => allPending(signal), { keep: false });
    const same = (change: PendingChange): boolean => change.kind === kind && String(change.id) === parts["id"];
    const all = data.value ?? [];
    const at = all.findIndex(same);
    const step = (by: number): void => {
        const next = all[at + by];
        if (next) {
            go(changeLink(next.kind, next.id));
        }
    };
    useKeys([
        { key: "[", does: "Previous change", run: () => step(-1) },
        { key: "]", does: "Next change", run: () => step(1) },
        {
            key: "s",
            does: "Sign off",
            run: () => document.querySelector<HTMLElement>("main .sticky .button.primary")?.click(),
        },
        {
            key: "u",
            does: "Revoke my sign-off",
            run: () => document.querySelector<HTMLElement>("main .sticky [data-revoke] .button")?.click(),
        },
    ]);
    const change = all[at];
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>
                    {change ? headline(change) : `${KIND_NAMES[kind] ?? kind} ${parts["id"]}`}{" "}
                    {change ? <span class="soft">{scopeOf(change)}</span> : null}
                </h1>
                <span class="grow" />
                {change && all.length > 1 ? (
                    <div class="row">
                        <Button kind="small" dead={at === 0 ? "This is the first one" : null} onClick={() => step(-1)}>
                            Previous
                        </Button>
                        <span class="soft small">
                            {at + 1} of {all.length}
                        </span>
                        <Button
                            kind="small"
                            dead={at === all.length - 1 ? "This is the last one" : null}
                            onClick={() => step(1)}>
                            Next
                        </Button>
                    </div>
                ) : null}
            </div>
            <Loaded data={data}>
                {() =>
                    change ? (
                        <Shown change={change} reload={data.reload} />
                    ) : (
                        <Done kind={kind} id={parts["id"] ?? ""} />
                    )
                }
            </Loaded>
        </>
    );
}
