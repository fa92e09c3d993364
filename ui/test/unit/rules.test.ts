import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, usable, valuesOf, type PendingRule, type Rule } from "../../src/rules/columns";
import { allWrong, fromForm, toForm, wrongIn } from "../../src/rules/form";
import { inScope, listRules, scopes, shownRow, type Filter } from "../../src/rules/list";
import { phrase } from "../../src/rules/phrase";
import { queryFor } from "../../src/rules/query";
import { COLUMNS } from "../../src/rules/columns";
import { merge } from "../../src/pages/rule_edit/merge";

const ALL: Filter = { product: "", channel: "", words: "", onlyPending: false };

function rule(rule_id: number, columns: Partial<Rule>): Rule {
    return {
        ...valuesOf({ mapping: "m", priority: 90, backgroundRate: 100, update_type: "minor" }),
        rule_id,
        data_version: 1,
        ...columns,
    };
}

function pending(sc_id: number, columns: Partial<PendingRule>): PendingRule {
    const change = {
        sc_id,
        sc_data_version: 1,
        scheduled_by: "a",
        complete: false,
        when: 1,
        change_type: "update" as const,
    };
    const rest = {
        telemetry_product: null,
        telemetry_channel: null,
        telemetry_uptake: null,
        signoffs: {},
        required_signoffs: {},
    };
    return { ...rule(0, {}), ...change, ...rest, ...columns } as PendingRule;
}

const numbers = (rules: Rule[], changes: PendingRule[], filter: Partial<Filter>): unknown[] =>
    listRules(rules, changes, { ...ALL, ...filter }).map(item => [shownRow(item).rule_id, item.moves]);

test("a channel fits globs and rules without one, and nothing else", () => {
    assert.ok(inScope({ product: "Firefox", channel: "beta*" }, "Firefox", "beta-cdntest"));
    assert.ok(inScope({ product: null, channel: null }, "Firefox", "release"));
    assert.ok(!inScope({ product: "Firefox", channel: "release" }, "Firefox", "release-localtest"));
    assert.ok(!inScope({ product: "Thunderbird", channel: null }, "Firefox", ""));
});

test("rules without a product stand under every product", () => {
    assert.deepEqual(numbers([rule(1, { product: null })], [], { product: "Firefox" }), [[1, null]]);
});

test("a rule that moves stands under the old and the new scope", () => {
    const rules = [rule(1, { product: "Firefox", channel: "esr" })];
    const changes = [pending(9, { rule_id: 1, product: "Firefox", channel: "release" })];
    assert.deepEqual(numbers(rules, changes, { product: "Firefox", channel: "esr" }), [[1, "leaves"]]);
    assert.deepEqual(numbers(rules, changes, { product: "Firefox", channel: "release" }), [[1, "arrives"]]);
    assert.deepEqual(numbers(rules, changes, { product: "Firefox" }), [[1, null]]);
});

test("a rule that is to be deleted stands only where it is", () => {
    const rules = [rule(1, { product: "Firefox", channel: "esr" })];
    const changes = [pending(9, { rule_id: 1, change_type: "delete", product: null, channel: null })];
    assert.deepEqual(numbers(rules, changes, { product: "Firefox", channel: "release" }), []);
});

test("the order is that of serving: priority, then number; insertions last among equals", () => {
    const rules = [rule(3, { priority: 90 }), rule(1, { priority: 90 }), rule(2, { priority: 100 })];
    const changes = [pending(9, { rule_id: null, change_type: "insert", priority: 90 })];
    assert.deepEqual(
        numbers(rules, changes, {}).map(entry => (entry as unknown[])[0]),
        [2, 1, 3, null],
    );
});

test("words are found anywhere, in any case, and are no pattern", () => {
    const rules = [rule(1, { mapping: "Firefox-130.0-build3", comment: "Half (of all)" }), rule(2, {})];
    assert.deepEqual(numbers(rules, [], { words: "BUILD3 (of" }), [[1, null]]);
    assert.deepEqual(numbers(rules, [], { words: "(" }), [[1, null]]);
});

test("scopes have globs without their star", () => {
    const found = scopes([rule(1, { product: "B", channel: "beta*" }), rule(2, { product: "A" })]);
    assert.deepEqual(
        [...found],
        [
            ["A", []],
            ["B", ["beta"]],
        ],
    );
});

test("a phrase says whom a rule is for", () => {
    assert.equal(phrase({ version: "<72.0" }), "below 72.0");
    assert.equal(
        phrase({ version: ">=115.0", osVersion: "Windows_NT 6.1,Windows_NT 6.3" }),
        "from 115.0 · Windows 7/8.1",
    );
    assert.equal(phrase({ locale: "de,fr,ja,ru,it" }), "de, fr, ja and 2 more");
    assert.equal(phrase({ jaws: false, mig64: true }), "without JAWS · with 64-bit migration");
    assert.equal(phrase({}), "");
});

test("only products that ask with /json lack columns", () => {
    assert.ok(!usable("locale", "FirefoxVPN"));
    assert.ok(!usable("jaws", "Guardian"));
    assert.ok(usable("osVersion", "Guardian"));
    assert.ok(usable("locale", "Firefox"));
});

test("a form keeps every value, three-state columns and lists included", () => {
    const values = valuesOf({
        ...rule(1, {}),
        jaws: false,
        mig64: true,
        locale: "de,fr",
        comment: "a,b",
        backgroundRate: 0,
    });
    assert.deepEqual(fromForm(toForm(values)), values);
    assert.deepEqual(difference(values, fromForm({ ...toForm(values), locale: "" })), { locale: ["de,fr", null] });
});

test("fields say what is wrong with them", () => {
    const form = toForm(rule(1, {}));
    const wrong = (column: string, text: string): string | null => {
        const info = COLUMNS.find(i => i.column === column);
        assert.ok(info);
        return wrongIn(info, { ...form, [column]: text });
    };
    assert.equal(wrong("backgroundRate", "100"), null);
    for (const [column, text] of [
        ["backgroundRate", "101"],
        ["backgroundRate", "1.5"],
        ["priority", "-1"],
        ["priority", ""],
        ["alias", "1a"],
        ["channel", "a*b"],
        ["product", "x".repeat(16)],
    ] as const) {
        assert.ok(wrong(column, text), `${column}=${text}`);
    }
    assert.deepEqual(allWrong(form), []);
});

test("a merge takes theirs, keeps mine, and asks about the rest", () => {
    const was = toForm(rule(1, { comment: "a", mapping: "m", alias: "x" }));
    const now = { ...was, comment: "theirs", mapping: "theirs" };
    const mine = { ...was, comment: "mine", alias: "mine" };
    const merged = merge(was, now, mine);
    assert.deepEqual(merged.taken, ["mapping"]);
    assert.deepEqual(merged.conflicts, ["comment"]);
    assert.equal(merged.form.comment, "mine");
    assert.equal(merged.form.alias, "mine");
    assert.equal(merged.form.mapping, "theirs");
    assert.deepEqual(merge(was, { ...was, comment: "same" }, { ...was, comment: "same" }).conflicts, []);
});

test("a query that a rule fits", () => {
    assert.equal(
        queryFor({ product: "Firefox", channel: "beta*", mapping: "Firefox-131.0b5-build1" }),
        "/update/6/Firefox/130.0/20200101000000/WINNT_x86_64-msvc-x64/en-US/beta/Windows_NT%2010.0/ISET:SSE4_2,MEM:8192/default/default/update.xml",
    );
    assert.equal(
        queryFor({
            ...{
                product: "Firefox",
                channel: "release",
                version: "<72.0",
                osVersion: "Darwin 6,Linux",
                locale: "de,fr",
            },
            ...{ buildTarget: "Darwin_x86_64", buildID: "<20240101", memory: "<=2048", instructionSet: "SSE2" },
            ...{ distribution: "a b", distVersion: "1", jaws: false, mig64: true },
        }),
        "/update/6/Firefox/71.0/20240100/Darwin_x86_64/de/release/Darwin%206/ISET:SSE2,MEM:2048,JAWS:0/a%20b/1/update.xml?mig64=1",
    );
    assert.equal(
        queryFor({ product: "FirefoxVPN", channel: "release", version: ">=2.24.0" }),
        "/json/2/FirefoxVPN/2.24.0/WINNT_x86_64/release/Windows_NT%2010.0/update.json",
    );
    assert.match(queryFor({ version: "130.*" }), /^\/update\/6\/Firefox\/130\.0\//);
    assert.match(queryFor({ version: ">115.0" }), /^\/update\/6\/Firefox\/115\.0\.1\//);
});
