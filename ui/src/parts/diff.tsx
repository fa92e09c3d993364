// What a change makes of columns: old and new side by side, stacked on narrow screens. Signs stand beside the colours.
import type { JSX } from "preact";

interface Props {
    changed: Record<string, unknown[]>;
    labelOf?: (column: string) => string;
    // Of an insertion or a deletion only one side exists.
    only?: "old" | "new";
}

const LISTS = ["locale", "osVersion", "buildTarget", "distribution", "distVersion", "instructionSet"];

function asText(value: unknown): string {
    if (value === null || value === undefined || value === "") {
        return "";
    }
    return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}

const items = (text: string): string[] =>
    text
        .split(",")
        .map(item => item.trim())
        .filter(Boolean);

// Of lists: only the items that came or went are marked.
function ListSide({ own, other, tag }: { own: string[]; other: string[]; tag: "ins" | "del" }): JSX.Element {
    const Tag = tag;
    return (
        <>
            {own.map((item, i) => (
                <span key={item}>
                    {i ? ", " : ""}
                    {other.includes(item) ? item : <Tag>{item}</Tag>}
                </span>
            ))}
        </>
    );
}

// A minus or a plus, with the word that a screen reader says instead.
export function Sign({ tag, word }: { tag: "old" | "new"; word: string }): JSX.Element {
    return (
        <>
            <span class="sign" aria-hidden="true">
                {tag === "old" ? "−" : "+"}
            </span>
            <span class="unseen">{word} </span>
        </>
    );
}

function Side(props: { name: string; value: string; other: string; side: "old" | "new" }): JSX.Element {
    const { name, value, other, side } = props;
    if (!value) {
        return <div class="none">{side === "old" ? "not set" : "empty"}</div>;
    }
    const list = LISTS.includes(name) && !!other && items(value).length + items(other).length > 2;
    return (
        <div class={side}>
            <Sign tag={side} word={side === "old" ? "before" : "after"} />
            {list ? <ListSide own={items(value)} other={items(other)} tag={side === "old" ? "del" : "ins"} /> : value}
        </div>
    );
}

export function Diff({ changed, labelOf = name => name, only }: Props): JSX.Element {
    const names = Object.keys(changed).filter(name => asText(changed[name]?.[0]) || asText(changed[name]?.[1]));
    if (!names.length) {
        return <p class="soft">No column changes.</p>;
    }
    return (
        <div class={`diff ${only ? "one" : ""}`} role="group" aria-label="Changed columns">
            {names.map(name => {
                const old = asText(changed[name]?.[0]);
                const now = asText(changed[name]?.[1]);
                return [
                    <div class="name" key={`${name} name`}>
                        {labelOf(name)}
                    </div>,
                    only === "new" ? null : <Side key={`${name} old`} name={name} value={old} other={now} side="old" />,
                    only === "old" ? null : <Side key={`${name} new`} name={name} value={now} other={old} side="new" />,
                ];
            })}
        </div>
    );
}
