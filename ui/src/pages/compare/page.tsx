// Any two states of releases, compared by the server: counted, grouped, and every change page by page.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get, type Failure, type Schema } from "../../api/client";
import { asFailure, useData } from "../../api/data";
import { place, setQuery } from "../../app/router";
import { ReleaseChange } from "../../changes/release_change";
import { Groups, Summary } from "../../changes/release_diff";
import { count } from "../../format/number";
import { Button } from "../../parts/button";
import { Field } from "../../parts/field";
import { Problem } from "../../parts/problem";
import { Empty, Loaded } from "../../parts/states";
import { releaseLink } from "../../releases/links";
import { ReleaseNameField } from "../../releases/name_field";
import { join, split } from "../../releases/pointer";
import { InUse } from "./in_use";
import { Raw } from "./raw";

type Difference = Schema["ReleaseDiff"];

const FIRST = 50;
const PAGE = 200;

export interface Sides {
    left: string;
    right: string;
    pointer: string;
}

function currentSides(): Sides {
    const { query } = place.value;
    return { left: query.get("left") ?? "", right: query.get("right") ?? "", pointer: query.get("path") ?? "" };
}

function Form({ sides }: { sides: Sides }): JSX.Element {
    const [left, setLeft] = useState(sides.left);
    const [right, setRight] = useState(sides.right);
    const [path, setPath] = useState(sides.pointer);
    useEffect(() => {
        setLeft(sides.left);
        setRight(sides.right);
        setPath(sides.pointer);
    }, [sides.left, sides.right, sides.pointer]);
    const wrong = path && !path.startsWith("/") ? "It begins with a slash, as /platforms" : null;
    return (
        <form
            class="compare-form"
            onSubmit={event => {
                event.preventDefault();
                if (!wrong) {
                    setQuery({ left: left.trim(), right: right.trim(), path: path.trim() });
                }
            }}>
            <ReleaseNameField label="From" value={left} onInput={setLeft} placeholder="Name of a release" />
            <ReleaseNameField
                label="To"
                value={right}
                onInput={setRight}
                placeholder="Name of a release"
                help="Or a state of one: NAME@pending, NAME@v3, NAME@c912"
            />
            <Field label="Only at" value={path} onInput={setPath} placeholder="/platforms" wrong={wrong} />
            <div class="row">
                <Button submit kind="primary">
                    Compare
                </Button>
                <Button onClick={() => setQuery({ left: right.trim(), right: left.trim() })}>Swap</Button>
            </div>
        </form>
    );
}

// The place of a change; each part of it limits the comparison to what is there.
function Place({ pointer }: { pointer: string }): JSX.Element {
    let at = "";
    return (
        <>
            {split(pointer).map((name, i) => {
                at = join(at, name);
                const target = at;
                return (
                    <span key={i}>
                        <span class="soft">/</span>
                        <button
                            type="button"
                            class="link"
                            title={`Only ${target}`}
                            onClick={() => setQuery({ path: target })}>
                            {name}
                        </button>
                    </span>
                );
            })}
        </>
    );
}

function Changes({ sides, first }: { sides: Sides; first: Difference }): JSX.Element {
    const [rest, setRest] = useState<Difference[]>([]);
    const [error, setError] = useState<Failure | null>(null);
    const pages = [first, ...rest];
    const changes = pages.flatMap(page => page.changes);
    const next = pages[pages.length - 1]?.next;
    const more = async (after: number): Promise<void> => {
        setError(null);
        await get("/release_diff", {
            query: { ...sides, pointer: sides.pointer || undefined, limit: PAGE, after },
        }).then(
            page => setRest(old => [...old, page]),
            failure => setError(asFailure(failure)),
        );
    };
    return (
        <section class="panel" aria-label="Every change">
            <header>
                <h2>Every change</h2>
                {sides.pointer ? (
                    <Button kind="small" onClick={() => setQuery({ path: null })}>
                        Whole document
                    </Button>
                ) : null}
            </header>
            <div class="body stack changes">
                {changes.map(change => (
                    <ReleaseChange
                        key={`${change.op} ${change.pointer}`}
                        change={change}
                        place={change.pointer ? <Place pointer={change.pointer} /> : "the whole document"}
                    />
                ))}
                {error ? <Problem error={error} /> : null}
                {typeof next === "number" ? (
                    <div>
                        <Button onClick={() => void more(next)}>Next {PAGE}</Button>
                    </div>
                ) : null}
            </div>
        </section>
    );
}

function Side({ spec }: { spec: string }): JSX.Element {
    const [name = "", at] = spec.split(/@(pending|[vct]\d+)$/);
    return <a href={releaseLink(name, { at: at?.startsWith("c") || at === "pending" ? at : null })}>{spec}</a>;
}

function Result({ sides }: { sides: Sides }): JSX.Element {
    const key = JSON.stringify(sides);
    const data = useData(
        key,
        signal =>
            get("/release_diff", { query: { ...sides, pointer: sides.pointer || undefined, limit: FIRST }, signal }),
        { refreshMs: 0, keep: false, visible: false },
    );
    return (
        <Loaded data={data}>
            {difference => {
                const { summary, groups, ungrouped } = difference;
                const same = !summary.added && !summary.removed && !summary.changed;
                return (
                    <>
                        <section class="panel" aria-label="Summary">
                            <header>
                                <h2>
                                    <Side spec={sides.left} /> → <Side spec={sides.right} />
                                </h2>
                                <Summary summary={summary} />
                            </header>
                            <div class="body stack">
                                {same ? <p>They are the same{sides.pointer ? ` at ${sides.pointer}` : ""}.</p> : null}
                                <Groups groups={groups} />
                                {ungrouped ? <p class="soft">and {count(ungrouped)} changes of other kinds</p> : null}
                            </div>
                        </section>
                        {same ? null : (
                            <>
                                <Changes key={key} sides={sides} first={difference} />
                                <Raw key={`raw ${key}`} sides={sides} />
                            </>
                        )}
                    </>
                );
            }}
        </Loaded>
    );
}

export function Page(): JSX.Element {
    const sides = currentSides();
    return (
        <div class="stack">
            <h1 tabIndex={-1}>Compare releases</h1>
            <Form sides={sides} />
            {sides.left && sides.right ? (
                <Result sides={sides} />
            ) : sides.left ? (
                <InUse side="left" spec={sides.left} />
            ) : sides.right ? (
                <InUse side="right" spec={sides.right} />
            ) : (
                <Empty>Name two releases, or two states of one.</Empty>
            )}
        </div>
    );
}
