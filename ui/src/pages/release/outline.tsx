// What is in a release, as a tree. A branch is read when it is opened; small ones come with their value and are drawn from it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { get, type Failure, type Schema } from "../../api/client";
import { asFailure, useData } from "../../api/data";
import { bytes, plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Problem } from "../../parts/problem";
import { Loaded } from "../../parts/states";
import { join } from "../../releases/pointer";

type Member = Schema["ReleaseMember"];

const PAGE = 200;

function typeOf(value: unknown): Member["type"] {
    if (value === null) {
        return "null";
    }
    return Array.isArray(value) ? "array" : (typeof value as Member["type"]);
}

// The members of a value that is here already.
function membersOf(value: unknown): Member[] {
    const entries: [string | number, unknown][] = Array.isArray(value)
        ? value.map((item, i) => [i, item])
        : Object.entries(value as object);
    return entries.map(([name, item]) => ({
        name,
        type: typeOf(item),
        bytes: JSON.stringify(item).length,
        value: item as Member["value"],
        count: typeof item === "object" && item !== null ? Object.keys(item).length : undefined,
    }));
}

function Branch({ spec, member, pointer }: { spec: string; member: Member; pointer: string }): JSX.Element {
    const [open, setOpen] = useState(false);
    const empty = member.count === 0;
    return (
        <li>
            <div class="member">
                {empty ? (
                    <span class="name">{member.name}</span>
                ) : (
                    <button type="button" class="open name" aria-expanded={open} onClick={() => setOpen(!open)}>
                        {member.name}
                    </button>
                )}
                <span class="soft small">
                    {empty
                        ? `empty ${member.type}`
                        : plural(member.count ?? 0, member.type === "array" ? "item" : "member")}
                    {empty ? "" : ` · ${bytes(member.bytes)}`}
                </span>
            </div>
            {open ? (
                member.value !== undefined ? (
                    <Members spec={spec} pointer={pointer} members={membersOf(member.value)} />
                ) : (
                    <Part spec={spec} pointer={pointer} />
                )
            ) : null}
        </li>
    );
}

function Leaf({ member }: { member: Member }): JSX.Element {
    return (
        <li>
            <div class="member">
                <span class="name">{member.name}</span>
                <span class="mono value">
                    {member.value === undefined ? `(${bytes(member.bytes)})` : JSON.stringify(member.value)}
                </span>
            </div>
        </li>
    );
}

function Members({ spec, pointer, members }: { spec: string; pointer: string; members: Member[] }): JSX.Element {
    return (
        <ul class="outline">
            {members.map(member =>
                member.count === undefined ? (
                    <Leaf key={member.name} member={member} />
                ) : (
                    <Branch key={member.name} spec={spec} member={member} pointer={join(pointer, member.name)} />
                ),
            )}
        </ul>
    );
}

function Part({ spec, pointer }: { spec: string; pointer: string }): JSX.Element {
    const read = (after: number, signal?: AbortSignal): Promise<Schema["ReleasePart"]> =>
        get("/release_part", { query: { name: spec, pointer, limit: PAGE, after: after || undefined }, signal });
    const data = useData(`part ${spec} ${pointer}`, signal => read(0, signal), { refreshMs: 0, visible: false });
    const [rest, setRest] = useState<Schema["ReleasePart"][]>([]);
    const [error, setError] = useState<Failure | null>(null);
    const more = async (after: number): Promise<void> => {
        setError(null);
        await read(after).then(
            part => setRest(old => [...old, part]),
            failure => setError(asFailure(failure)),
        );
    };
    return (
        <Loaded data={data}>
            {first => {
                const parts = [first, ...rest];
                const members = parts.flatMap(part => part.members ?? []);
                const next = parts[parts.length - 1]?.next;
                return (
                    <>
                        <Members spec={spec} pointer={pointer} members={members} />
                        {error ? <Problem error={error} /> : null}
                        {typeof next === "number" ? (
                            <Button kind="small" onClick={() => void more(next)}>
                                {(first.count ?? 0) - next} more
                            </Button>
                        ) : null}
                    </>
                );
            }}
        </Loaded>
    );
}

// `spec` names the release and its state, as /release_part does.
export function Outline({ spec }: { spec: string }): JSX.Element {
    return <Part spec={spec} pointer="" />;
}
