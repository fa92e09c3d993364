import assert from "node:assert/strict";
import { test } from "node:test";
import { matchPath } from "../../src/app/match";
import { openRoles, signoffSentence } from "../../src/changes/signoffs";
import { bytes, count, percent } from "../../src/format/number";
import { duration, parseUtc, relative, utc } from "../../src/format/time";

test("only roles that are held, needed and open can be signed", () => {
    const change = { required_signoffs: { releng: 1, relman: 2 }, signoffs: { a: "releng", b: "relman", c: "other" } };
    assert.deepEqual(openRoles(change, "me", ["releng", "relman", "other"]), ["relman"]);
    assert.deepEqual(openRoles(change, "a", ["releng", "relman"]), []);
    assert.equal(signoffSentence(change), "2 of 3, waits for relman");
});

test("a sign-off that is not valid any more does not count and can be given again", () => {
    const change = {
        required_signoffs: { releng: 1 },
        signoffs: { a: "releng" },
        invalid_signoffs: { a: { reason: "content" as const, detail: "changed" } },
    };
    assert.deepEqual(openRoles(change, "a", ["releng"]), ["releng"]);
    assert.equal(signoffSentence(change), "0 of 1, waits for releng");
});

test("all signed, and nothing to sign", () => {
    assert.equal(signoffSentence({ required_signoffs: { r: 2 }, signoffs: { a: "r", b: "r" } }), "2 of 2, all signed");
    assert.equal(signoffSentence({ required_signoffs: {}, signoffs: {} }), "needs no sign-off");
});

test("times", () => {
    assert.equal(utc(Date.UTC(2026, 10, 28, 14, 5)), "2026-11-28 14:05");
    assert.equal(parseUtc("2026-11-28 14:05"), Date.UTC(2026, 10, 28, 14, 5));
    assert.equal(parseUtc("2026-11-28T14:05:00Z"), Date.UTC(2026, 10, 28, 14, 5));
    assert.equal(parseUtc("tomorrow"), null);
    assert.equal(parseUtc("2026-13-01 10:00"), null);
    assert.equal(duration(3_600_000 + 59_000), "1 h");
    assert.equal(duration(7_500_000), "2 h 5 min");
    assert.equal(duration(61_000), "1 min");
    assert.equal(relative(1000, 61_000), "1 min ago");
    assert.equal(relative(61_000, 1000), "in 1 min");
});

test("numbers", () => {
    assert.equal(count(965_112), "965 k");
    assert.equal(count(0.5), "0.5");
    assert.equal(count(12_345_678), "12.3 M");
    assert.equal(percent(1, 4), "25 %");
    assert.equal(percent(1, 100_000), "<0.1 %");
    assert.equal(percent(1, 0), "0 %");
    assert.equal(bytes(8_400_000), "8.4 MB");
});

test("addresses", () => {
    assert.deepEqual(matchPath("/changes/:kind/:id", "/changes/v2%2Freleases/A-1.0"), {
        kind: "v2/releases",
        id: "A-1.0",
    });
    assert.equal(matchPath("/rules/:id/edit", "/rules/1"), null);
    assert.equal(matchPath("/rules/:id", "/rules/%"), null);
});
