// The uptake that a change waits for, and how far it is.
import type { JSX } from "preact";
import { Progress } from "../parts/progress";
import type { PendingChange } from "./api";

type Telemetry = NonNullable<PendingChange["telemetry"]>;

// balrog-uptake reports percent. Another source may count clients, which are more than a hundred.
const amount = (uptake = 0): string => (uptake > 100 ? String(uptake) : `${uptake} %`);

// "when Firefox beta reaches 80 %"
export const conditionOf = (of: Pick<Telemetry, "product" | "channel" | "uptake">): string =>
    `when ${of.product} ${of.channel} reaches ${amount(of.uptake)}`;

// Nothing while no agent knows the uptake.
export function UptakeSoFar({ telemetry }: { telemetry: Telemetry | null }): JSX.Element | null {
    const now = telemetry?.uptake_now ?? null;
    const whole = telemetry?.uptake ?? 0;
    return now === null ? null : (
        <Progress now={now} whole={whole} text={`${Number(now.toFixed(1))} of ${amount(whole)}`} />
    );
}
