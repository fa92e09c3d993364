// What a release has been: every version of its document (v1), or of each of its parts (v2). Any two states can be compared.
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { refreshShared } from "../../api/shared";
import { go, setQuery } from "../../app/router";
import { bytes } from "../../format/number";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Mark } from "../../parts/mark";
import { Empty, Loaded } from "../../parts/states";
import { Relative } from "../../parts/time";
import { say } from "../../parts/toast";
import { readRevisions, restore, REVISIONS, tryRestore, type Listed, type Revision } from "../../releases/api";
import { compareLink } from "../../releases/links";

// "de of WINNT_x86_64-msvc", "base"
function partName(path: string | null): string {
    if (path === null || path === ".") {
        return "base";
    }
    const found = /^\.platforms\.(.+)\.locales\.([^.]+)$/.exec(path);
    return found ? `${found[2]} of ${found[1]}` : path;
}

interface RestoreProps {
    release: Listed;
    revision: Revision;
    onClose: () => void;
    onDone: () => Promise<void>;
}

function RestoreDialog({ release, revision, onClose, onDone }: RestoreProps): JSX.Element {
    const trial = useData(`restore ${revision.change_id}`, () => tryRestore(release, revision), {
        refreshMs: 0,
        visible: false,
    });
    const needed = Object.entries(trial.value?.required_signoffs ?? {});
    const direct = !needed.length;
    const part = release.kind === "v2" ? partName(revision.path) : release.name;
    return (
        <Confirm
            title={`Restore version ${revision.data_version} of ${part}?`}
            does={direct ? "Restore" : "Schedule it"}
            onClose={onClose}
            dead={trial.value ? null : "It is not known yet whether this is possible"}
            run={async () => {
                await restore(release, revision, direct);
                say(direct ? `Restored: ${part}` : `Scheduled: ${part} becomes what it was`);
                void refreshShared();
                await onDone();
            }}>
            <p>
                {release.kind === "v2"
                    ? "This part becomes what it was; all other parts stay as they are."
                    : "The release becomes what it was."}
            </p>
            <Loaded data={trial}>
                {() => (
                    <p>
                        {direct
                            ? "Nobody has to sign: this happens at once."
                            : `It is scheduled, and needs ${needed.map(([role, n]) => `${n} × ${role}`).join(", ")}.`}
                    </p>
                )}
            </Loaded>
        </Confirm>
    );
}

interface RowProps {
    release: Listed;
    revision: Revision;
    newest: boolean;
    side: { name: string; left: number; right: number; set: (left: number, right: number) => void };
    onRestore: () => void;
}

function Row({ release, revision, newest, side, onRestore }: RowProps): JSX.Element {
    const { change_id: id, path, data_version, timestamp, changed_by, deleted, size } = revision;
    const radio = (which: "left" | "right"): JSX.Element => (
        <input
            type="radio"
            name={`${side.name}-${which}`}
            aria-label={`${which === "left" ? "From" : "To"} version ${data_version} of ${partName(path)}`}
            checked={side[which] === id}
            onChange={() => side.set(which === "left" ? id : side.left, which === "right" ? id : side.right)}
        />
    );
    const dead = deleted
        ? "This is a deletion: restore the version before it"
        : newest
          ? "This is what it is now"
          : (whyNot("release", "modify", release.product) ?? (release.read_only ? "The release is read-only" : null));
    return (
        <tr>
            <td class="nowrap">
                {radio("left")} {radio("right")}
            </td>
            <td>
                {release.kind === "v2" ? (
                    <button type="button" class="link" onClick={() => setQuery({ part: path ?? ".", page: null })}>
                        {partName(path)}
                    </button>
                ) : null}{" "}
                <span class="soft small nowrap">version {data_version}</span>{" "}
                {deleted ? <Mark tone="red">deleted</Mark> : null}
            </td>
            <td class="small soft">
                {timestamp ? <Relative at={timestamp} /> : "before the history"} {changed_by ? `by ${changed_by}` : ""}
            </td>
            <td class="small soft nowrap">{deleted ? "" : bytes(size)}</td>
            <td>
                <span class="row">
                    <Button
                        kind="small quiet"
                        dead={deleted ? "Nothing was left" : null}
                        onClick={() => setQuery({ at: `c${id}` })}>
                        View
                    </Button>
                    <Button kind="small quiet" dead={dead} onClick={onRestore}>
                        Restore…
                    </Button>
                </span>
            </td>
        </tr>
    );
}

interface Props {
    release: Listed;
    part: string; // v2: only revisions of this part; "": all
    page: number;
    reload: () => Promise<void>;
}

export function Revisions({ release, part, page, reload }: Props): JSX.Element {
    const name = useId();
    const [chosen, setChosen] = useState<{ left: number; right: number } | null>(null);
    const [restoring, setRestoring] = useState<Revision | null>(null);
    const { data_version } = release;
    const data = useData(`revisions ${part} ${page} ${data_version}`, signal =>
        readRevisions(release, part, page, signal),
    );
    const revisions = data.value?.revisions ?? [];
    const left = chosen?.left ?? revisions[1]?.change_id ?? 0;
    const right = chosen?.right ?? revisions[0]?.change_id ?? 0;
    const all = data.value?.count ?? 0;
    const newestOf = (path: string | null): number | undefined =>
        page === 1 ? revisions.find(revision => revision.path === path)?.change_id : undefined;
    const spec = (id: number): string => `${release.name}@c${id}`;
    return (
        <section class="panel" aria-label="History">
            <header>
                <h2>History</h2>
                {part ? (
                    <Button kind="small" onClick={() => setQuery({ part: null, page: null })}>
                        All parts
                    </Button>
                ) : null}
                <Button
                    kind="small"
                    dead={left && right && left !== right ? null : "Choose two different versions"}
                    onClick={() => go(compareLink(spec(left), spec(right)))}>
                    Compare
                </Button>
            </header>
            <Loaded data={data}>
                {() =>
                    revisions.length ? (
                        <table class="plain cards" aria-label="Versions">
                            <thead>
                                <tr>
                                    <th scope="col">From, to</th>
                                    <th scope="col">What</th>
                                    <th scope="col">When</th>
                                    <th scope="col">Size</th>
                                    <th scope="col">
                                        <span class="unseen">Actions</span>
                                    </th>
                                </tr>
                            </thead>
                            <tbody>
                                {revisions.map(revision => (
                                    <Row
                                        key={revision.change_id}
                                        release={release}
                                        revision={revision}
                                        newest={newestOf(revision.path) === revision.change_id}
                                        side={{ name, left, right, set: (l, r) => setChosen({ left: l, right: r }) }}
                                        onRestore={() => setRestoring(revision)}
                                    />
                                ))}
                            </tbody>
                        </table>
                    ) : (
                        <Empty>Nothing is known of earlier versions.</Empty>
                    )
                }
            </Loaded>
            {all > REVISIONS ? (
                <div class="row body">
                    <Button
                        kind="small"
                        dead={page > 1 ? null : "These are the newest"}
                        onClick={() => setQuery({ page: page > 2 ? page - 1 : null })}>
                        Newer
                    </Button>
                    <Button
                        kind="small"
                        dead={page * REVISIONS < all ? null : "These are the oldest"}
                        onClick={() => setQuery({ page: page + 1 })}>
                        Older
                    </Button>
                    <span class="soft small">{all} versions</span>
                </div>
            ) : null}
            {restoring ? (
                <RestoreDialog
                    release={release}
                    revision={restoring}
                    onClose={() => setRestoring(null)}
                    onDone={async () => {
                        await Promise.all([reload(), data.reload()]);
                    }}
                />
            ) : null}
        </section>
    );
}
