// Expectations as a file: what GET /expectations gives, and what POST /expectations/import takes.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { post, type Answer, type Body } from "../../api/client";
import { useData } from "../../api/data";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { Mark } from "../../parts/mark";
import { Loaded } from "../../parts/states";
import { say } from "../../parts/toast";
import type { Expectation } from "./must";

type ImportBody = Body<"/expectations/import", "post">;
type Plan = Extract<Answer<"/expectations/import", "post">, { planned: boolean }>;

const SIGNS = { create: "+ new", update: "± changed", delete: "− deleted" } as const;
const TONES = { create: "green", update: "amber", delete: "red" } as const;

export function Export({ list, product }: { list: Expectation[]; product: string }): JSX.Element {
    const save = (): void => {
        const text = JSON.stringify({ count: list.length, expectations: list }, null, 1);
        const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
        const a = document.createElement("a");
        a.href = url;
        a.download = `expectations${product ? `-${product}` : ""}.json`;
        a.click();
        URL.revokeObjectURL(url);
    };
    return (
        <Button onClick={save} dead={list.length ? null : "There is nothing to export"}>
            Export
        </Button>
    );
}

async function importList(list: unknown[], others: boolean, plan: boolean): Promise<Plan> {
    const query = { plan: plan ? "1" : "0", delete_others: others ? "1" : "0" } as const;
    return (await post("/expectations/import", { body: { expectations: list } as ImportBody, query })) as Plan;
}

function Planned({
    list,
    onClose,
    reload,
}: {
    list: unknown[];
    onClose: () => void;
    reload: () => Promise<void>;
}): JSX.Element {
    const [others, setOthers] = useState(false);
    const plan = useData(`plan ${others}`, () => importList(list, others, true), { refreshMs: 0, keep: false });
    const n = plan.value?.changes.length ?? 0;
    return (
        <Confirm
            title="Import expectations?"
            does="Import"
            onClose={onClose}
            dead={plan.value ? (n ? null : "Nothing would change") : "It is not known yet what would change"}
            run={async () => {
                const done = await importList(list, others, false);
                say(`Imported: ${done.changes.length} changed, ${done.same} as they were`);
                await reload();
            }}>
            <label class="check">
                <input type="checkbox" checked={others} onChange={event => setOthers(event.currentTarget.checked)} />
                Delete those of the file's products that are not in it
            </label>
            <Loaded data={plan}>
                {({ changes, same }) => (
                    <>
                        <ul class="stack tight">
                            {changes.map(({ action, product, name }) => (
                                <li key={`${product} ${name}`}>
                                    <Mark tone={TONES[action]}>{SIGNS[action]}</Mark> {product}: {name}
                                </li>
                            ))}
                        </ul>
                        <p class="soft">{same} stay as they are.</p>
                    </>
                )}
            </Loaded>
        </Confirm>
    );
}

function listIn(text: string): unknown[] {
    const read: unknown = JSON.parse(text);
    const list = Array.isArray(read) ? read : (read as { expectations?: unknown })?.expectations;
    if (!Array.isArray(list)) {
        throw new Error("no list");
    }
    return list;
}

export function Import({ dead, reload }: { dead: string | null; reload: () => Promise<void> }): JSX.Element {
    const [list, setList] = useState<unknown[] | null>(null);
    const [wrong, setWrong] = useState<string | null>(null);
    const read = async (file: File | undefined): Promise<void> => {
        setWrong(null);
        try {
            setList(file ? listIn(await file.text()) : null);
        } catch {
            setWrong(`${file?.name} is not a list of expectations as “Export” writes it.`);
        }
    };
    return (
        <>
            <label class={`button ${dead ? "dead" : ""}`} title={dead ?? undefined}>
                Import…
                <input
                    type="file"
                    class="unseen"
                    accept=".json,application/json"
                    disabled={!!dead}
                    onChange={event => {
                        void read(event.currentTarget.files?.[0]);
                        event.currentTarget.value = "";
                    }}
                />
            </label>
            {wrong ? (
                <span class="wrong" role="alert">
                    {wrong}
                </span>
            ) : null}
            {list ? <Planned list={list} onClose={() => setList(null)} reload={reload} /> : null}
        </>
    );
}
