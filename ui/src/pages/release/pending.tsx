// What is scheduled for the release: the same view and the same buttons as in the inbox.
import type { JSX } from "preact";
import { useData } from "../../api/data";
import type { PendingChange } from "../../changes/api";
import { Content } from "../../changes/content";
import { useSeen } from "../../changes/seen";
import { SignControl, SignoffList } from "../../changes/sign_control";
import { signoffSentence } from "../../changes/signoffs";
import { changeLink, headline, stateTone, stateWord } from "../../changes/words";
import { Mark } from "../../parts/mark";
import { Note } from "../../parts/note";
import { Loaded } from "../../parts/states";
import { Moment } from "../../parts/time";
import { findPending, type Listed } from "../../releases/api";

// Signing is possible once the difference is there and in view.
function Shown({ change, reload }: { change: PendingChange; reload: () => Promise<void> }): JSX.Element {
    const seen = useSeen(change);
    return (
        <div class="stack">
            {change.failed ? <Note tone="red">The agent could not make it: {change.failed.what}</Note> : null}
            {seen.moved ? <Note tone="amber">This was edited since you looked.</Note> : null}
            <p>
                {change.when ? <Moment at={change.when} /> : "With an uptake"}
                <span class="soft">
                    {" "}
                    · by {change.scheduled_by} · {signoffSentence(change)}
                </span>
            </p>
            <div ref={seen.ref} key={seen.version}>
                <Content change={change} onReady={seen.onReady} />
            </div>
            <SignoffList change={change} />
            <div class="row">
                <SignControl
                    change={seen.change}
                    title={headline(change)}
                    onDone={reload}
                    unseen={seen.unseen}
                    onOutdated={seen.renew}
                />
                <a href={changeLink(change.kind, change.id)}>Effect, edit, drop</a>
            </div>
        </div>
    );
}

export function Pending({ release, reload }: { release: Listed; reload: () => Promise<void> }): JSX.Element {
    const data = useData(`pending ${release.data_version} ${release.pending?.parts}`, signal =>
        findPending(release, signal),
    );
    const again = async (): Promise<void> => {
        await Promise.all([reload(), data.reload()]);
    };
    return (
        <section class="panel" aria-label="Pending change">
            <header>
                <h2>Pending</h2>
                {data.value ? <Mark tone={stateTone(data.value)}>{stateWord(data.value)}</Mark> : null}
            </header>
            <div class="body">
                <Loaded data={data}>
                    {change =>
                        change ? (
                            <Shown change={change} reload={again} />
                        ) : (
                            <p class="soft">It was made or dropped just now.</p>
                        )
                    }
                </Loaded>
            </div>
        </section>
    );
}
