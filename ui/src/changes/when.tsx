// When a change is made: as soon as possible, at a time, or once an uptake is reached.
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { second } from "../format/clock";
import { local, parseUtc, relative, serverNow, utc } from "../format/time";
import { Field } from "../parts/field";

// A little later than now, because the server refuses times that have passed.
const MARGIN_MS = 5000;

export function soon(): number {
    return Math.ceil(serverNow() + MARGIN_MS);
}

export interface When {
    choice: "soon" | "at" | "uptake";
    at: string; // UTC
    product: string;
    channel: string;
    uptake: string;
}

export const SOON: When = { choice: "soon", at: "", product: "", channel: "", uptake: "" };

interface Stored {
    when: number | null;
    telemetry_product: string | null;
    telemetry_channel: string | null;
    telemetry_uptake: number | null;
}

export function whenOf(change: Stored): When {
    const { telemetry_product: product, telemetry_channel: channel, telemetry_uptake: uptake } = change;
    if (product && channel && uptake) {
        return { choice: "uptake", at: "", product, channel, uptake: String(uptake) };
    }
    return change.when && change.when > serverNow() ? { ...SOON, choice: "at", at: utc(change.when) } : SOON;
}

// What is wrong with the choice now, or null. "As soon as possible" never becomes wrong, however long the form is open.
export function wrongWhen(when: When): string | null {
    if (when.choice === "at") {
        const ms = parseUtc(when.at);
        if (ms === null) {
            return "For example 2026-11-28 14:00";
        }
        return ms <= serverNow() ? "This time has passed" : null;
    }
    if (when.choice === "uptake") {
        const complete = when.product.trim() && when.channel.trim() && /^[1-9]\d*$/.test(when.uptake.trim());
        return complete ? null : "Product, channel, and a whole number above 0 are needed";
    }
    return null;
}

export function whenColumns(when: When): Stored {
    const none = { telemetry_product: null, telemetry_channel: null, telemetry_uptake: null };
    if (when.choice === "uptake") {
        return {
            when: 0,
            telemetry_product: when.product.trim(),
            telemetry_channel: when.channel.trim(),
            telemetry_uptake: Number(when.uptake),
        };
    }
    return { when: when.choice === "at" ? (parseUtc(when.at) ?? 0) : soon(), ...none };
}

const CHOICES: [When["choice"], string][] = [
    ["soon", "As soon as possible"],
    ["at", "At a time"],
    ["uptake", "With the uptake"],
];

function TimeField({ when, set }: { when: When; set: (changes: Partial<When>) => void }): JSX.Element {
    const ms = parseUtc(when.at);
    const help = ms === null ? "" : `${local(ms)} here, ${relative(ms, second.value)}`;
    return <Field label="Time (UTC)" value={when.at} onInput={at => set({ at })} help={help} wrong={wrongWhen(when)} />;
}

interface Props {
    when: When;
    onChange: (when: When) => void;
    // Releases cannot wait for an uptake.
    withoutUptake?: boolean;
}

export function WhenFields({ when, onChange, withoutUptake }: Props): JSX.Element {
    const name = useId();
    const set = (changes: Partial<When>): void => onChange({ ...when, ...changes });
    const choose = (choice: When["choice"]): void =>
        set({ choice, at: choice === "at" && !when.at ? utc(serverNow() + 3_600_000) : when.at });
    return (
        <fieldset class="when">
            <legend class="label">When, if sign-offs are there</legend>
            <div class="row">
                {CHOICES.filter(([choice]) => choice !== "uptake" || !withoutUptake).map(([choice, text]) => (
                    <label class="check" key={choice}>
                        <input
                            type="radio"
                            name={name}
                            checked={when.choice === choice}
                            onChange={() => choose(choice)}
                        />
                        {text}
                    </label>
                ))}
            </div>
            {when.choice === "at" ? <TimeField when={when} set={set} /> : null}
            {when.choice === "uptake" ? (
                <>
                    <div class="three">
                        <Field label="Of product" value={when.product} onInput={product => set({ product })} />
                        <Field label="Channel" value={when.channel} onInput={channel => set({ channel })} />
                        <Field label="Reaches" type="number" value={when.uptake} onInput={uptake => set({ uptake })} />
                    </div>
                    {wrongWhen(when) ? <span class="wrong">{wrongWhen(when)}</span> : null}
                </>
            ) : null}
        </fieldset>
    );
}
