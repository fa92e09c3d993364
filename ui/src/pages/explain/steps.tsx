// An explanation in the order in which the server decides: query, stop, rules, dice, release, answer.
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import { link } from "../../app/router";
import { percent, plural } from "../../format/number";
import { Button } from "../../parts/button";
import { Mark, type Tone } from "../../parts/mark";
import { ReleaseName } from "../../releases/release_name";
import { labelOf } from "../../rules/columns";

type Explanation = Schema["Explanation"];
type Outcome = Schema["ExplainedOutcome"];

function Step({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
    return (
        <section class="panel">
            <header>
                <h2>{name}</h2>
            </header>
            <div class="body stack">{children}</div>
        </section>
    );
}

// In the order in which a URL has them.
const QUERY_MEMBERS = [
    ...(["product", "version", "buildID", "buildTarget", "locale", "channel", "fallback_channel"] as const),
    ...(["osVersion", "instructionSet", "memory", "jaws", "distribution", "distVersion"] as const),
    ...(["headerArchitecture", "mig64", "force", "pin"] as const),
];

// What only queries have, and rules have not.
const QUERY_LABELS: Record<string, string> = {
    fallback_channel: "Fallback channel",
    force: "Background update forced",
    pin: "Pin",
};

const ruleLink = (id: number): string => link("/rules", {}, `ruleId=${id}`);

function Query({ query }: { query: Explanation["query"] }): JSX.Element {
    if (!query) {
        return <p>The URL has a parameter that no form of query knows.</p>;
    }
    return (
        <p class="facts">
            {QUERY_MEMBERS.map(name => ({ name, value: query[name] }))
                .filter(({ name, value }) => value !== null && value !== "" && !(name === "force" && value === 0))
                .map(({ name, value }) => (
                    <span key={name}>
                        <span class="soft small">{QUERY_LABELS[name] ?? labelOf(name)}</span> {String(value)}
                    </span>
                ))}
        </p>
    );
}

const VERDICTS: Record<Schema["ExplainedRule"]["verdict"], [string, Tone]> = {
    chosen: ["✓ chosen", "green"],
    against: ["✗ against", "plain"],
    unparsable: ["! cannot be parsed", "red"],
    not_reached: ["not looked at", "plain"],
};

function Rule({ rule }: { rule: Schema["ExplainedRule"] }): JSX.Element {
    const [word, tone] = VERDICTS[rule.verdict];
    return (
        <tr>
            <td class="number">{rule.priority}</td>
            <td class="nowrap">
                <a href={ruleLink(rule.rule_id)}>{rule.rule_id}</a>
            </td>
            <td>
                {rule.column ? (
                    <>
                        <strong>{labelOf(rule.column)}</strong> wants {rule.wants ?? "nothing"}, is{" "}
                        {rule.is ?? "not there"}
                        {rule.why ? `: ${rule.why}` : ""}
                    </>
                ) : rule.verdict === "chosen" ? (
                    "all columns fit"
                ) : null}
            </td>
            <td>
                <Mark tone={tone}>{word}</Mark>
            </td>
        </tr>
    );
}

function Rules({ rules }: { rules: Explanation["rules"] }): JSX.Element {
    const [all, setAll] = useState(false);
    const below = rules.filter(rule => rule.verdict === "not_reached").length;
    const shown = all ? rules : rules.filter(rule => rule.verdict !== "not_reached");
    return (
        <>
            <div class="table-box">
                <table>
                    <thead>
                        <tr>
                            <th scope="col" class="number">
                                Priority
                            </th>
                            <th scope="col">Rule</th>
                            <th scope="col">Why</th>
                            <th scope="col">Verdict</th>
                        </tr>
                    </thead>
                    <tbody>
                        {shown.map(rule => (
                            <Rule key={rule.rule_id} rule={rule} />
                        ))}
                    </tbody>
                </table>
            </div>
            {below && !all ? (
                <div>
                    <Button kind="small quiet" onClick={() => setAll(true)}>
                        {plural(below, "rule")} below {below === 1 ? "is" : "are"} not looked at
                    </Button>
                </div>
            ) : null}
        </>
    );
}

function Patches({ release }: { release: Schema["ExplainedRelease"] }): JSX.Element {
    return (
        <ul>
            {release.patches.map(patch => (
                <li key={`${patch.type} ${patch.from}`} class="small">
                    <Mark tone={patch.verdict === "offered" ? "green" : "plain"}>
                        {patch.verdict === "offered" ? "✓" : "✗"} {patch.type}
                    </Mark>{" "}
                    from {patch.from === "*" ? "any version" : patch.from}: {patch.why}
                </li>
            ))}
        </ul>
    );
}

function Answer({ outcome }: { outcome: Outcome }): JSX.Element {
    const tone = outcome.reason === "served" ? "green" : outcome.reason === "broken" || outcome.error ? "red" : "plain";
    const leadsTo = outcome.pinned ?? outcome.mapping;
    return (
        <div class="stack outcome">
            <div class="row">
                <strong>{outcome.percent === null ? "" : percent(outcome.percent, 100)}</strong>
                <Mark tone={tone}>{outcome.reason.replace(/_/g, " ")}</Mark>
                {leadsTo ? <ReleaseName name={leadsTo} /> : <span>no release</span>}
            </div>
            <p>{outcome.why}</p>
            {outcome.error ? <p class="wrong">{outcome.error}</p> : null}
            {outcome.skipped ? <p class="wrong">{outcome.skipped}</p> : null}
            {outcome.parts.map(part => (
                <p key={part.part} class="small">
                    {part.part}: {part.why}
                </p>
            ))}
            {outcome.release ? <Patches release={outcome.release} /> : null}
            <details>
                <summary class="small">The answer, {outcome.status}</summary>
                <pre>{outcome.body}</pre>
            </details>
        </div>
    );
}

function Misses({ misses }: { misses: Explanation["nearest_misses"] }): JSX.Element | null {
    // A rule of another product or channel is near by number, and not in any other sense.
    const near = misses.filter(miss => miss.column !== "product" && miss.column !== "channel");
    if (!near.length) {
        return null;
    }
    return (
        <div>
            <span class="label">Nearest misses</span>
            <ul>
                {near.map(miss => (
                    <li key={miss.rule_id} class="small">
                        <a href={ruleLink(miss.rule_id)}>Rule {miss.rule_id}</a> ({miss.mapping ?? "no update"}) would
                        fit if <strong>{labelOf(miss.column)}</strong> were {miss.wants}; it is {miss.is ?? "not there"}
                    </li>
                ))}
            </ul>
        </div>
    );
}

export function Steps({ explanation }: { explanation: Explanation }): JSX.Element {
    const { query, stopped, rules, nearest_misses: misses, dice, pin } = explanation;
    return (
        <div class="stack">
            <Step name="Query">
                <Query query={query} />
                {stopped ? (
                    <p>
                        <Mark tone="red">! stopped</Mark> Updates of {stopped.product} {stopped.channel} are stopped
                        {stopped.conditions ? ` for a part of the clients (partial stop ${stopped.stop_id})` : ""}
                        {stopped.comment ? `: ${stopped.comment}` : ""}
                    </p>
                ) : (
                    <p class="soft">No stop is against it.</p>
                )}
                {pin ? (
                    <p>
                        Pinned to {pin.pin}: {pin.mapping ?? "this does not bear on it"}
                    </p>
                ) : null}
            </Step>
            <Step name="Rules">
                <Rules rules={rules} />
                <Misses misses={misses} />
            </Step>
            <Step name={dice.outcomes.length > 1 ? "Answers, by chance" : "Answer"}>
                {dice.rate !== null && dice.rate < 100 ? (
                    <p>
                        Rate {dice.rate} %: {dice.mapping ?? "no update"}; the others get{" "}
                        {dice.fallbackMapping ?? "no update"}.
                    </p>
                ) : null}
                {dice.outcomes.map((outcome, i) => (
                    <Answer key={i} outcome={outcome} />
                ))}
            </Step>
        </div>
    );
}
