import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { whyNot } from "../../api/session";
import { changeLink } from "../../changes/words";
import { bytes, plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Mark } from "../../parts/mark";
import { Relative } from "../../parts/time";
import type { Listed } from "../../releases/api";
import { DeleteRelease } from "../../releases/delete_release";
import { releaseLink } from "../../releases/links";
import { UsedBy } from "../../releases/used_by";
import { markWords } from "../../releases/words";

const USES = 3;

function Name({ name, words }: { name: string; words: string }): JSX.Element {
    return (
        <a href={releaseLink(name)} class="release-name">
            {markWords(name, words).map(({ text, hit }, i) => (hit ? <mark key={i}>{text}</mark> : text))}
        </a>
    );
}

export function PendingMark({ release }: { release: Listed }): JSX.Element | null {
    const { pending } = release;
    if (!pending?.kind || pending.id === undefined) {
        return null;
    }
    return (
        <Mark tone="amber">
            <a href={changeLink(pending.kind, pending.id)}>
                {plural(pending.parts ?? 1, release.kind === "v2" ? "part" : "change")} pending
            </a>
        </Mark>
    );
}

interface Props {
    release: Listed;
    words: string;
    cursor: boolean;
    reload: () => Promise<void>;
}

export function ReleaseRow({ release, words, cursor, reload }: Props): JSX.Element {
    const [deleting, setDeleting] = useState(false);
    const row = useRef<HTMLTableRowElement>(null);
    useEffect(() => {
        if (cursor) {
            row.current?.scrollIntoView({ block: "nearest" });
        }
    }, [cursor]);
    const { name, product, kind, size, parts, read_only, changed_at, changed_by } = release;
    return (
        <tr ref={row} class={cursor ? "cursor" : ""}>
            <td>
                <Name name={name} words={words} />{" "}
                <span class="nowrap">
                    <Mark title={kind === "v2" ? "Base and locales are stored separately" : "One document"}>
                        {kind}
                    </Mark>{" "}
                    {read_only ? <Mark tone="accent">read-only</Mark> : null}
                </span>
            </td>
            <td>{product}</td>
            <td>
                <UsedBy release={release} most={USES} />
            </td>
            <td>{release.pending ? <PendingMark release={release} /> : null}</td>
            <td class="soft nowrap">
                {typeof parts === "number" ? `${plural(parts, "locale")} · ` : ""}
                {bytes(size ?? 0)}
            </td>
            <td class="soft small">
                {changed_at ? (
                    <>
                        <Relative at={changed_at} /> {changed_by ? `by ${changed_by}` : ""}
                    </>
                ) : null}
            </td>
            <td class="number">
                <Button
                    kind="small quiet"
                    label={`Delete ${name}`}
                    dead={whyNot("release", "delete", product)}
                    onClick={() => setDeleting(true)}>
                    Delete…
                </Button>
                {deleting ? (
                    <DeleteRelease release={release} onClose={() => setDeleting(false)} onDone={reload} />
                ) : null}
            </td>
        </tr>
    );
}
