// What is scheduled for the release: the same view and the same buttons as in the inbox.
import type { JSX } from "preact";
import { useData } from "../../api/data";
import type { PendingChange } from "../../changes/api";
import { useSeen } from "../../changes/seen";
import { Signable } from "../../changes/signable";
import { signoffSentence } from "../../changes/signoffs";
import { stateTone, stateWord } from "../../changes/words";
import { Mark } from "../../parts/mark";
import { Loaded } from "../../parts/states";
import { Moment } from "../../parts/time";
import { findPending, type Listed } from "../../releases/api";

// Signing is possible once the difference is there and in view.
function Shown({ change, reload }: { change: PendingChange; reload: () => Promise<void> }): JSX.Element {
    const seen = useSeen(change);
    return (
        <div class="stack">
            <p>
                {change.when ? <Moment at={change.when} /> : "With an uptake"}
                <span class="soft">
                    {" "}
                    · by {change.scheduled_by} · {signoffSentence(change)}
                </span>
            </p>
            <Signable change={change} seen={seen} reload={reload} />
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
