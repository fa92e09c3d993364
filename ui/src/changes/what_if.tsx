// Beside a form: the sign-offs that saving needs, the expectations that it would break, and what clients would get.
import type { JSX } from "preact";
import { user } from "../api/session";
import type { PendingChange } from "./api";
import { Effect, type Edits } from "./effect";
import { TrialNotes, type Trial } from "./trial";
import { Broken, useBroken } from "./warnings";

interface Props {
    trial: Trial;
    // Whose sign-offs saving drops.
    pending: Pick<PendingChange, "signoffs"> | null;
    // As /simulate takes them; null while there is nothing to try.
    edits: Edits | null;
    product: string | null;
    channel: string | null;
    withoutEffect?: boolean;
}

export function WhatIf(props: Props): JSX.Element {
    const { trial, pending, edits, product, channel, withoutEffect } = props;
    const broken = useBroken(edits);
    const lost = Object.keys(pending?.signoffs ?? {}).filter(signer => signer !== user.value?.username);
    return (
        <>
            <section class="panel">
                <header>
                    <h2>Sign-offs</h2>
                </header>
                <div class="body">
                    <TrialNotes trial={trial} lost={lost} />
                </div>
            </section>
            {broken.answer?.broken.length || broken.error ? (
                <section class="panel">
                    <header>
                        <h2>Expectations</h2>
                    </header>
                    <div class="body stack" role="status">
                        <Broken check={broken} />
                    </div>
                </section>
            ) : null}
            {withoutEffect ? null : <Effect changes={edits} product={product} channel={channel} />}
        </>
    );
}
