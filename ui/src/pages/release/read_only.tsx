import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { whyNot } from "../../api/session";
import { refreshShared } from "../../api/shared";
import { Button } from "../../parts/button";
import { Confirm } from "../../parts/confirm";
import { say } from "../../parts/toast";
import { setReadOnly, type Listed } from "../../releases/api";

// Read-only on: at once. Off: with the sign-offs of the rules that lead to the release, or of its product.
export function ReadOnlyButton({ release, reload }: { release: Listed; reload: () => Promise<void> }): JSX.Element {
    const [asking, setAsking] = useState(false);
    const { name, product, read_only: on = false } = release;
    const needed = Object.entries(release.writable_signoffs ?? {});
    const dead =
        whyNot("release_read_only", on ? "unset" : "set", product) ??
        (on && release.pending ? "A change of it is pending already" : null);
    const does = on ? "Make writable" : "Make read-only";
    return (
        <>
            <Button dead={dead} onClick={() => setAsking(true)}>
                {does}…
            </Button>
            {asking ? (
                <Confirm
                    title={`${does}: ${name}?`}
                    does={on && needed.length ? "Schedule it" : does}
                    onClose={() => setAsking(false)}
                    run={async () => {
                        const done = await setReadOnly(release, !on);
                        say(
                            !done
                                ? `Scheduled: ${name} becomes writable`
                                : `${name} is ${on ? "writable" : "read-only"} now`,
                        );
                        void refreshShared();
                        await reload();
                    }}>
                    {on ? (
                        <p>
                            {needed.length
                                ? `It is scheduled, and needs ${needed.map(([role, n]) => `${n} × ${role}`).join(", ")}.`
                                : "Nobody has to sign: this happens at once."}
                        </p>
                    ) : (
                        <p>
                            Nobody can change or delete it then, neither by hand nor by a build, and what is scheduled
                            for it waits. This happens at once.
                        </p>
                    )}
                </Confirm>
            ) : null}
        </>
    );
}
