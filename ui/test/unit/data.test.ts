import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, failureOf } from "../../src/api/failure";
import { keep, tagOf, valueOf } from "../../src/api/kept";
import { freshness, share } from "../../src/api/share";

const row = (id: number, name: string): object => ({ id, name, list: [id] });

test("an answer without news is the same object", () => {
    const old = { rules: [row(1, "a"), row(2, "b")], next: null };
    const { value, changed } = share(old, { rules: [row(1, "a"), row(2, "b")], next: null });
    assert.equal(value, old);
    assert.equal(changed, 0);
});

test("what has not changed stays the same object, and only what has is fresh", () => {
    const old = { rules: [row(1, "a"), row(2, "b")], count: 2 };
    const { value, changed } = share(old, { rules: [row(3, "new"), row(1, "a"), row(2, "changed")], count: 3 });
    assert.equal(changed, 2);
    assert.equal(value.count, 3);
    assert.equal(value.rules[1], old.rules[0]);
    assert.equal(freshness(value.rules[0]), "fresh");
    assert.equal(freshness(value.rules[1]), "");
    assert.equal(freshness(value.rules[2]), "fresh");
    assert.equal(share(old, { rules: [row(1, "a")], count: 1 }).changed, 1, "one is gone");
});

test("another order, an empty list, and no list any more are news", () => {
    const old = { rules: [row(1, "a"), row(2, "b")] };
    const turned = share(old, { rules: [row(2, "b"), row(1, "a")] }).value;
    assert.notEqual(turned, old);
    assert.equal(turned.rules[0], old.rules[1]);
    assert.deepEqual(share(old, { rules: [] }).value, { rules: [] });
    assert.deepEqual(share<unknown>(old, { rules: null }).value, { rules: null });
    assert.deepEqual(share<unknown>(old, {}).value, {});
});

test("a bounded number of answers is kept", () => {
    for (let i = 0; i < 100; i++) {
        keep(`/rules/${i}`, `"${i}"`, i);
    }
    assert.equal(tagOf("/rules/0"), null);
    assert.equal(tagOf("/rules/99"), '"99"');
    assert.equal(valueOf("/rules/99"), 99);
    keep("/rules/99", null, 1);
    assert.equal(tagOf("/rules/99"), null);
});

const answer = (status: number, headers = {}): Response => new Response(null, { status, headers });
const sent = { path: "/rules", at: 0, version: null, values: {} };

test("failures are told apart", () => {
    const kinds = [0, 400, 401, 403, 404, 429, 500, 502, 503, 504].map(status => new Failure(status, "", "").kind);
    assert.deepEqual(kinds, [
        "network",
        "refused",
        "login",
        "right",
        "refused",
        "busy",
        "server",
        "busy",
        "busy",
        "busy",
    ]);
});

test("only a change whose COMMIT or answer was lost may have been made", () => {
    const lost = JSON.stringify({ detail: "Whether it was made is not known: look before you try again." });
    assert.equal(failureOf(answer(503), lost, sent).unknown, sent);
    assert.equal(failureOf(answer(503), lost, null).unknown, null);
    assert.equal(failureOf(answer(503), JSON.stringify({ detail: "no connection" }), sent).unknown, null);
    assert.equal(failureOf(answer(504), "<html>", sent).unknown, sent);
    assert.equal(failureOf(answer(400), "{}", sent).unknown, null);
});

test("the server's words, and what helps to find them in the log", () => {
    const text = JSON.stringify({ title: "Bad Request", detail: "no", exception: ["a", "b"] });
    const failure = failureOf(answer(400, { "X-Request-ID": "f00", "Retry-After": "5" }), text, null);
    assert.deepEqual([failure.title, failure.detail, failure.reasons], ["Bad Request", "no", ["a", "b"]]);
    assert.deepEqual([failure.requestId, failure.retryAfterS], ["f00", 5]);
    assert.equal(failureOf(answer(502), "<html>Bad Gateway</html>", null).detail, "");
});
