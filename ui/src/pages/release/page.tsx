// One release: what is in it, what is scheduled for it, what leads to it, what it has been. A name that no release has opens the form
// for a new one.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { go, link, place, setQuery } from "../../app/router";
import { plural } from "../../format/number";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Loaded } from "../../parts/states";
import { Relative } from "../../parts/time";
import { findRelease, isUsed, type Listed } from "../../releases/api";
import { DeleteRelease } from "../../releases/delete_release";
import { compareLink, editLink, releaseLink } from "../../releases/links";
import { UsedBy } from "../../releases/used_by";
import { ReleaseEditor } from "../release_edit/editor";
import { newSubject } from "../release_edit/subject";
import { Locales } from "./locales";
import { Outline } from "./outline";
import { Pending } from "./pending";
import { ReadOnlyButton } from "./read_only";
import { Revisions } from "./revisions";
import { Servable } from "./servable";

const USES = 20;

function Facts({ release }: { release: Listed }): JSX.Element {
    const { kind, product, data_version, parts, read_only, changed_at, changed_by } = release;
    return (
        <p class="row facts-of-release">
            <Mark title={kind === "v2" ? "Base and locales are stored separately" : "One document"}>{kind}</Mark>
            {read_only ? <Mark tone="accent">read-only</Mark> : null}
            <span>{product}</span>
            <span class="soft">
                version {data_version}
                {typeof parts === "number" ? ` · ${plural(parts, "locale")}` : ""}
                {changed_at ? (
                    <>
                        {" · changed "}
                        <Relative at={changed_at} />
                        {changed_by ? ` by ${changed_by}` : ""}
                    </>
                ) : null}
            </span>
        </p>
    );
}

function Contents({ release, at, spec }: { release: Listed; at: string; spec: string }): JSX.Element {
    return (
        <section class="panel" aria-label="Contents">
            <header>
                <h2>Contents</h2>
                {at ? null : (
                    <Button kind="small" href={editLink(release.name)}>
                        As JSON
                    </Button>
                )}
            </header>
            <div class="body stack">
                {at ? (
                    <Note tone="amber">
                        <div class="row">
                            <span>
                                {at === "pending" ? "As it will be." : `As it was after change ${at.slice(1)}.`}
                            </span>
                            <a href={compareLink(spec, release.name)}>Compare with now</a>
                            <Button kind="small" onClick={() => setQuery({ at: null })}>
                                Back to now
                            </Button>
                        </div>
                    </Note>
                ) : null}
                <Outline key={`${spec} ${at ? "" : release.data_version}`} spec={spec} />
            </div>
        </section>
    );
}

function Actions({ release, reload }: { release: Listed; reload: () => Promise<void> }): JSX.Element {
    const [deleting, setDeleting] = useState(false);
    const { name, product, read_only } = release;
    return (
        <div class="row">
            <Button
                kind="primary"
                href={editLink(name)}
                dead={whyNot("release", "modify", product) ?? (read_only ? "It is read-only" : null)}>
                Edit
            </Button>
            <Button href={compareLink("", name)}>Compare…</Button>
            <ReadOnlyButton release={release} reload={reload} />
            <Button kind="danger" dead={whyNot("release", "delete", product)} onClick={() => setDeleting(true)}>
                Delete…
            </Button>
            {deleting ? (
                <DeleteRelease
                    release={release}
                    onClose={() => setDeleting(false)}
                    onDone={() => go(link("/releases"))}
                />
            ) : null}
        </div>
    );
}

function Shown({ release, reload }: { release: Listed; reload: () => Promise<void> }): JSX.Element {
    const { query } = place.value;
    const page = Number(query.get("page"));
    const at = query.get("at") ?? "";
    const spec = at ? `${release.name}@${at}` : release.name;
    return (
        <>
            <div class="head">
                <Facts release={release} />
                <span class="grow" />
                <Actions release={release} reload={reload} />
            </div>
            <div class="columns">
                <div class="stack">
                    {release.pending ? <Pending release={release} reload={reload} /> : null}
                    <Contents release={release} at={at} spec={spec} />
                </div>
                <div class="stack">
                    <section class="panel" aria-label="Used by">
                        <header>
                            <h2>Used by</h2>
                        </header>
                        <div class="body">
                            {isUsed(release) ? (
                                <UsedBy release={release} most={USES} />
                            ) : (
                                <p class="soft">No rule and no pin leads to it.</p>
                            )}
                        </div>
                    </section>
                    {typeof release.parts === "number" ? <Locales spec={spec} /> : null}
                    <Servable release={release} />
                    <Revisions
                        release={release}
                        part={query.get("part") ?? ""}
                        page={page > 1 ? page : 1}
                        reload={reload}
                    />
                </div>
            </div>
        </>
    );
}

// Nothing has this name: the form for a new release, with the name filled in.
function Missing({ name, reload }: { name: string; reload: () => Promise<void> }): JSX.Element {
    const [subject] = useState(() => newSubject(name, ""));
    return (
        <div class="stack">
            <Note>
                There is no release of this name. Make it here, or <a href={link("/releases", { q: name })}>search</a>{" "}
                for another one.
            </Note>
            <ReleaseEditor
                subject={subject}
                onSaved={made => (made === name ? void reload() : go(releaseLink(made)))}
            />
        </div>
    );
}

export function Page({ parts }: { parts: Record<string, string> }): JSX.Element {
    const name = parts["name"] ?? "";
    const data = useData(`release ${name}`, signal => findRelease(name, signal));
    const release = data.value;
    useKeys([{ key: "e", does: "Edit the release", run: () => release && go(editLink(name)) }]);
    return (
        <>
            <div class="release-title">
                <a href={link("/releases")} class="small">
                    Releases
                </a>
                <h1 tabIndex={-1}>{name}</h1>
            </div>
            <Loaded data={data}>
                {found =>
                    found ? (
                        <Shown release={found} reload={data.reload} />
                    ) : (
                        <Missing name={name} reload={data.reload} />
                    )
                }
            </Loaded>
        </>
    );
}
