// What clients must get, whatever is changed: queries with what must be answered.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { call, get, type Failure, type Schema } from "../../api/client";
import { asFailure, useData } from "../../api/data";
import { whyNot } from "../../api/session";
import { link, place, setQuery } from "../../app/router";
import { plural } from "../../format/number";
import { useKeys } from "../../keys/keys";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Mark } from "../../parts/mark";
import { Problem } from "../../parts/problem";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import { say } from "../../parts/toast";
import { Edit } from "./edit";
import { sentenceOf, type Expectation } from "./must";
import { Export, Import } from "./transfer";

type Check = Schema["ExpectationCheck"];

interface Checking {
    check: Check | null;
    error: Failure | null;
    busy: boolean;
    run: () => Promise<void>;
}

function useCheck(product: string): Checking {
    const [state, setState] = useState<Omit<Checking, "run">>({ check: null, error: null, busy: false });
    const run = async (): Promise<void> => {
        setState(old => ({ ...old, busy: true, error: null }));
        try {
            const check = await get("/expectations/check", { query: { product: product || undefined } });
            setState({ check: check as Check, error: null, busy: false });
        } catch (error) {
            setState({ check: null, error: asFailure(error), busy: false });
        }
    };
    return { ...state, run };
}

const same = (a: { product: string; name: string }, b: { product: string; name: string }): boolean =>
    a.product === b.product && a.name === b.name;

interface LineProps {
    expectation: Expectation;
    check: Check | null;
    onEdit: () => void;
    onDelete: () => void;
}

function Line({ expectation, check, onEdit, onDelete }: LineProps): JSX.Element {
    const { product, name, query, must, comment } = expectation;
    const broken = check?.broken.find(one => same(one, expectation));
    const target = place.value.hash === `name=${encodeURIComponent(name)}`;
    return (
        <li class={`expectation ${target ? "target" : ""}`}>
            <div class="line">
                <span class="grow">
                    <strong>{name}</strong> <span class="soft">{product}</span>{" "}
                    {broken ? (
                        <Mark tone="red">! broken: {broken.why}</Mark>
                    ) : check ? (
                        <Mark tone="green">✓ holds</Mark>
                    ) : null}
                    <div>{sentenceOf(must)}</div>
                    {comment ? <div class="soft small">{comment}</div> : null}
                    <a class="mono small" href={link("/explain", { path: query })}>
                        {query}
                    </a>
                </span>
                <Button kind="small" label={`Edit ${name}`} dead={whyNot("rule", "modify", product)} onClick={onEdit}>
                    Edit…
                </Button>
                <Button
                    kind="danger small"
                    label={`Delete ${name}`}
                    dead={whyNot("rule", "delete", product)}
                    onClick={onDelete}>
                    Delete…
                </Button>
            </div>
        </li>
    );
}

function Delete(props: { expectation: Expectation; onClose: () => void; reload: () => Promise<void> }): JSX.Element {
    const { product, name, must, data_version } = props.expectation;
    return (
        <Confirm
            title={`Delete the expectation “${name}”?`}
            does="Delete"
            danger
            onClose={props.onClose}
            run={async () => {
                await call("delete", "/expectations/{product}/{name}", {
                    path: { product, name },
                    query: { data_version },
                });
                say(`Deleted: expectation ${name}`);
                await props.reload();
            }}>
            <p>
                Nothing warns any more if a client of {product} does not get this: {sentenceOf(must)}.
            </p>
        </Confirm>
    );
}

function Result({ checking }: { checking: Checking }): JSX.Element | null {
    const { check, error } = checking;
    if (error) {
        return <Problem error={error} retry={() => void checking.run()} />;
    }
    if (!check) {
        return null;
    }
    const n = check.broken.length;
    return (
        <p role="status" class={`note ${n ? "red" : "green"}`}>
            {n ? `${n} of ` : "No expectation is broken now; "}
            {plural(check.count, "expectation")} {n ? `${n === 1 ? "is" : "are"} broken now.` : "checked."}
        </p>
    );
}

export function Page(): JSX.Element {
    const product = place.value.query.get("product") ?? "";
    const data = useData("expectations", signal => get("/expectations", { signal }));
    const checking = useCheck(product);
    const [editing, setEditing] = useState<Expectation | "new" | null>(null);
    const [deleting, setDeleting] = useState<Expectation | null>(null);
    const all = data.value?.expectations ?? [];
    const list = all.filter(one => !product || one.product === product);
    const products = [...new Set(all.map(one => one.product))].sort();
    const noAdding = whyNot("rule", "create", product || undefined);
    const add = (): void => setEditing("new");
    useKeys([{ key: "n", does: "New expectation", run: () => !noAdding && add() }]);
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Expectations</h1>
                <Select
                    label="Product"
                    hideLabel
                    value={product}
                    options={[{ value: "", text: "All products" }, ...products.map(p => ({ value: p, text: p }))]}
                    onChange={value => setQuery({ product: value }, "")}
                />
                <span class="grow" />
                <Button dead={checking.busy ? "In progress…" : null} onClick={() => void checking.run()}>
                    Check now
                </Button>
                <Export list={list} product={product} />
                <Import dead={noAdding} reload={data.reload} />
                <Button kind="primary" dead={noAdding} onClick={add}>
                    New expectation
                </Button>
            </div>
            <div class="stack">
                <p class="soft">A query, and what it must get. Every change is held against these.</p>
                <Result checking={checking} />
                <Loaded data={data}>
                    {() =>
                        list.length ? (
                            <ul class="panel">
                                {list.map(expectation => (
                                    <Line
                                        key={`${expectation.product} ${expectation.name}`}
                                        expectation={expectation}
                                        check={checking.check}
                                        onEdit={() => setEditing(expectation)}
                                        onDelete={() => setDeleting(expectation)}
                                    />
                                ))}
                            </ul>
                        ) : (
                            <Empty>
                                {product ? `${product} has no expectations.` : "There is no expectation yet."}
                            </Empty>
                        )
                    }
                </Loaded>
            </div>
            {editing ? (
                <Edit
                    expectation={editing === "new" ? null : editing}
                    product={product}
                    onClose={() => setEditing(null)}
                    reload={data.reload}
                />
            ) : null}
            {deleting ? <Delete expectation={deleting} onClose={() => setDeleting(null)} reload={data.reload} /> : null}
        </>
    );
}
