import assert from "node:assert/strict";
import { test } from "node:test";
import { byDay, eventsOf, objectFilter, sentence, withoutRepeats, type Entry } from "../../src/history/entries";
import { rulesBetween } from "../../src/rules/between";
import { valuesOf, type PendingRule, type Rule } from "../../src/rules/columns";
import { isFuture, withFuturePlaces, type Item } from "../../src/rules/list";
import { pairRules } from "../../src/rules/pairs";
import { laterVersion, trendOf } from "../../src/pages/overview/trend";
import { mustOf, sentenceOf, toForm, type Expectation } from "../../src/pages/expectations/must";

const DAY = Date.UTC(2026, 10, 28);

function entry(columns: Partial<Entry>): Entry {
    return {
        ...{ timestamp: DAY, changed_by: "a", kind: "rules", what: "row", change_type: "update", key: { rule_id: 10 } },
        ...{ data_version: 2, sc_id: null, changed: {}, ...columns },
    } as Entry;
}

function rule(rule_id: number, columns: Partial<Rule>): Rule {
    return { ...valuesOf({ mapping: "m", priority: 90, backgroundRate: 100 }), rule_id, data_version: 1, ...columns };
}

test("an enactment and what it wrote are one event", () => {
    const wrote = entry({ timestamp: DAY + 1 });
    const enacted = entry({ change_type: "enact", what: "scheduled_change", sc_id: 7 });
    const other = entry({ timestamp: DAY - 1, key: { rule_id: 11 } });
    assert.deepEqual(
        eventsOf([wrote, enacted, other]).map(event => [event.entry, event.scId]),
        [
            [wrote, 7],
            [other, null],
        ],
    );
    assert.deepEqual(
        eventsOf([enacted]).map(event => event.scId),
        [7],
        "an enactment that wrote nothing that is known stays",
    );
});

test("entries that come twice are shown once, under days of UTC", () => {
    const late = entry({ timestamp: DAY });
    const early = entry({ timestamp: DAY - 1 });
    const days = byDay(eventsOf(withoutRepeats([late, early, { ...late }])));
    assert.deepEqual(
        days.map(({ day, events }) => [day, events.length]),
        [
            ["2026-11-28", 1],
            ["2026-11-27", 1],
        ],
    );
});

test("entries in words", () => {
    assert.deepEqual(sentence(entry({ change_type: "delete" })), { does: "Deleted", object: "rule 10" });
    const planned = entry({ what: "scheduled_change", change_type: "insert", scheduled_type: "delete", sc_id: 1 });
    assert.deepEqual(sentence(planned), { does: "Scheduled: deletion of", object: "rule 10" });
    const signed = entry({ what: "signoff", change_type: "insert", changed: { role: [null, "relman"] } });
    assert.equal(sentence(signed).does, "Signed off as relman");
    assert.equal(objectFilter(entry({ kind: "roles", key: { username: "u", role: "r" } })), "roles:u");
});

test("between two moments: new, deleted and changed rules, in scope before or after", () => {
    const old = [rule(1, { product: "A" }), rule(2, { product: "A" }), rule(3, { product: "B" })];
    const now = [rule(1, { product: "A", comment: "x" }), rule(3, { product: "B" }), rule(4, { product: "B" })];
    assert.deepEqual(
        rulesBetween(old, now).map(({ id, old: was, now: is }) => [id, !!was, !!is]),
        [
            [1, true, true],
            [2, true, false],
            [4, false, true],
        ],
    );
    assert.deepEqual(
        rulesBetween(old, now, "B").map(({ id }) => id),
        [4],
    );
});

test("channels: rules for the same clients are beside each other, one for both is its own partner", () => {
    const both = rule(1, { channel: null });
    const left = [both, rule(2, { channel: "test", priority: 80, backgroundRate: 100 })];
    const right = [both, rule(3, { channel: "live", priority: 70, backgroundRate: 25 }), rule(4, { version: "<72.0" })];
    const pairs = pairRules(left, right).map(pair => [
        pair.left?.rule_id,
        pair.right?.rule_id,
        Object.keys(pair.changed).sort(),
    ]);
    assert.deepEqual(pairs[0], [1, 1, []]);
    assert.deepEqual(pairs[2], [2, 3, ["backgroundRate", "priority"]]);
    assert.equal(pairs[1]?.[1], 4);
    assert.equal(pairs[1]?.[0], undefined);
});

test("a rule whose priority changes has an outline at its future place", () => {
    const item = (r: Rule, priority?: number): Item => ({
        rule: r,
        pending: priority ? ({ ...r, priority, change_type: "update" } as unknown as PendingRule) : null,
        moves: null,
    });
    const items = [item(rule(1, { priority: 300 })), item(rule(2, { priority: 200 })), item(rule(3, {}), 250)];
    const lines = withFuturePlaces(items);
    assert.deepEqual(
        lines.map(line => (isFuture(line) ? `future ${line.of.rule?.rule_id}` : line.rule?.rule_id)),
        [1, "future 3", 2, 3],
    );
});

test("the trend is that of the newest version, without the step that is still being filled", () => {
    assert.ok(laterVersion("130.0", "9.0"));
    assert.ok(!laterVersion("130.0", "130.0"));
    const step = (queries: number, versions: Record<string, number>) => ({ at: 0, queries, versions });
    const series = [step(60, { "9.0": 60 }), step(60, { "9.0": 30, "10.0": 30 }), step(1, { "10.0": 1 })];
    assert.deepEqual(trendOf({ series, step_s: 1800 }), { perMinute: 2, version: "10.0", shares: [0, 0.5] });
});

test("expectations: a form keeps what is demanded, and says it", () => {
    const must = { update: "maybe", mapping: ["A", "B"], below_version: "116.0", no_downgrade: true } as const;
    const expectation = { product: "P", name: "n", query: "/q", comment: null, data_version: 1 };
    const whole = { ...expectation, must: { ...must, mapping: [...must.mapping] } } as Expectation;
    assert.deepEqual(mustOf(toForm(whole)), whole.must);
    assert.equal(sentenceOf(whole.must), "an update or none · to A or B · below 116.0 · no downgrade");
    assert.deepEqual(mustOf({ ...toForm(whole), update: "never" }), { update: "never" });
});
