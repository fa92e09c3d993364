// The rules of two channels side by side, for example of those who test and of everybody.
import type { JSX } from "preact";
import { get } from "../../api/client";
import { useData } from "../../api/data";
import { link, place, setQuery } from "../../app/router";
import { plural } from "../../format/number";
import { Diff } from "../../parts/diff";
import { Mark } from "../../parts/mark";
import { Select } from "../../parts/select";
import { Empty, Loaded } from "../../parts/states";
import { nameOf } from "../../rules/between";
import { labelOf, type Rule } from "../../rules/columns";
import { scopes } from "../../rules/list";
import { pairRules, rulesOf, type Pair, type Scope } from "../../rules/pairs";
import { phrase } from "../../rules/phrase";

// In the address as PRODUCT:CHANNEL.
function scopeOf(text: string | null): Scope | null {
    const m = /^([^:]*):(.*)$/.exec(text ?? "");
    return m ? { product: m[1] ?? "", channel: m[2] ?? "" } : null;
}

function Name({ rule }: { rule: Rule | null }): JSX.Element {
    if (!rule) {
        return <Mark tone="amber">no such rule</Mark>;
    }
    return (
        <>
            <a href={link(`/rules/${rule.rule_id}`)}>{nameOf(rule)}</a>{" "}
            <span class="soft small">
                priority {rule.priority}
                {rule.channel ? ` · ${rule.channel}` : ""}
            </span>
        </>
    );
}

function Line({ pair }: { pair: Pair }): JSX.Element {
    const { left, right, changed } = pair;
    const shown = (left ?? right) as Rule;
    const same = left && right && left.rule_id === right.rule_id;
    const equal = left && right && !Object.keys(changed).length;
    return (
        <li class="panel pair">
            <div class="two">
                <div>
                    <Name rule={left} />
                </div>
                <div>
                    <Name rule={right} />
                </div>
            </div>
            <div class="body stack">
                <p class="small">
                    <span class="soft">for</span> {phrase(shown) || "everybody"}{" "}
                    {same ? (
                        <Mark>one rule for both</Mark>
                    ) : equal ? (
                        <Mark tone="green">= the same: {shown.mapping ?? "no update"}</Mark>
                    ) : null}
                </p>
                {equal ? null : (
                    <Diff changed={changed} labelOf={labelOf} only={!left ? "new" : !right ? "old" : undefined} />
                )}
            </div>
        </li>
    );
}

function Compared({ rules, left, right }: { rules: Rule[]; left: Scope; right: Scope }): JSX.Element {
    const pairs = pairRules(rulesOf(rules, left), rulesOf(rules, right));
    const different = pairs.filter(pair => !pair.left || !pair.right || Object.keys(pair.changed).length > 0).length;
    return (
        <div class="stack">
            <p role="status">
                {different
                    ? `${different} of ${plural(pairs.length, "rule")} ${different === 1 ? "is" : "are"} different.`
                    : "Both channels have the same rules."}{" "}
                <span class="soft">Alias and comment are not compared.</span>
            </p>
            <ul class="stack">
                {pairs.map(pair => (
                    <Line key={`${pair.left?.rule_id} ${pair.right?.rule_id}`} pair={pair} />
                ))}
            </ul>
        </div>
    );
}

function Choose(props: { rules: Rule[]; name: "left" | "right"; label: string }): JSX.Element {
    const { rules, name, label } = props;
    const value = place.value.query.get(name) ?? "";
    const options = [{ value: "", text: "Choose…" }];
    for (const [product, channels] of scopes(rules)) {
        options.push(...channels.map(channel => ({ value: `${product}:${channel}`, text: `${product} ${channel}` })));
    }
    if (value && !options.some(option => option.value === value)) {
        options.push({ value, text: value.replace(":", " ") });
    }
    return <Select label={label} value={value} options={options} onChange={text => setQuery({ [name]: text })} />;
}

export function Page(): JSX.Element {
    const { query } = place.value;
    const data = useData("rules", signal => get("/rules", { signal }));
    const left = scopeOf(query.get("left"));
    const right = scopeOf(query.get("right"));
    return (
        <>
            <div class="head">
                <h1 tabIndex={-1}>Compare channels</h1>
            </div>
            <Loaded data={data}>
                {answer => {
                    const rules = answer.rules as Rule[];
                    return (
                        <>
                            <div class="two">
                                <Choose rules={rules} name="left" label="Left" />
                                <Choose rules={rules} name="right" label="Right" />
                            </div>
                            {left && right ? (
                                <Compared rules={rules} left={left} right={right} />
                            ) : (
                                <Empty>
                                    Choose two channels, for example the one of testers and the one of everybody.
                                </Empty>
                            )}
                        </>
                    );
                }}
            </Loaded>
        </>
    );
}
