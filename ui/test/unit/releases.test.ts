import assert from "node:assert/strict";
import { test } from "node:test";
import { checkJson } from "../../src/releases/json";
import { differences, merge, replace, same, type Json } from "../../src/releases/merge";
import { placeOf, problemsIn } from "../../src/releases/problems";
import { join, split } from "../../src/releases/pointer";
import { markWords } from "../../src/releases/words";

const where = (text: string): string | null => {
    const error = checkJson(text);
    return error && `${error.line}:${error.column} ${error.what}`;
};

test("good JSON is good", () => {
    for (const text of ["{}", ' { "a" : [ 1, -2.5e+3, "\\u00e9\\n", true, null, {} , [] ] }\n', '{"__proto__": 0}']) {
        assert.equal(where(text), null);
        JSON.parse(text);
    }
});

test("bad JSON is said with line and column", () => {
    assert.equal(where('{\n  "a": 1,\n}'), "3:1 a name in quotation marks was expected, not “}”");
    assert.equal(where('{\n  "a": x}'), "2:8 a value was expected, not “x”");
    assert.equal(where('{"a" 1}'), "1:6 a colon was expected, not “1”");
    assert.equal(where('{"a": 1 "b": 2}'), '1:9 a comma or “}” was expected, not “"”');
    assert.equal(where('{"a": [1 2]}'), "1:10 a comma or “]” was expected, not “2”");
    assert.equal(where('{"a": 01}'), "1:8 a comma or “}” was expected, not “1”");
    assert.equal(where('{"a": "b\n"}'), "1:7 this text has no closing quotation mark");
    assert.equal(where('{"a": "\\x"}'), "1:7 this text has a character that needs a backslash");
    assert.equal(where('{"a": 1, "a": 2}'), "1:10 “a” stands twice in this object");
    assert.equal(where('{"a": {"b": 1}'), "1:15 a comma or “}” was expected, not the end of the text");
    assert.equal(where("{} x"), "1:4 nothing more was expected, but there is “x”");
    assert.equal(where(""), "1:1 a release is an object: “{” was expected, not the end of the text");
    assert.equal(where("[]"), "1:1 a release is an object: “{” was expected, not “[”");
    assert.match(where(`{"a":${"[".repeat(500)}`) ?? "", /nested too deeply/);
});

test("the server's problems are found in the text", () => {
    const text = '{\n "a": {"x.y": 1, "x": {"y": 2}},\n "b": [{"c": 1},\n {"c": 2}], "c[0]": 5\n}';
    const name = (path: string): string | null => {
        const at = placeOf(text, path);
        return at === null ? null : text.slice(at, at + 8);
    };
    assert.equal(name("a.x.y"), '"x.y": 1');
    assert.equal(name("a.x.z"), '"x": {"y');
    assert.equal(name("b[1].c"), '"c": 2}]');
    assert.equal(name("b[1]"), '{"c": 2}');
    assert.equal(name("b[7]"), '"b": [{"');
    assert.equal(name("c[0]"), '"c[0]": ');
    assert.equal(name("nothing"), null);
    const reasons = ["2 is not of type 'string' at b[1].c", "schema_version is unknown", "'x' at y is unexpected at a"];
    assert.deepEqual(problemsIn(text, reasons), [
        { at: text.indexOf('"a"'), line: 2, column: 2, what: reasons[2] },
        { at: text.indexOf('"c": 2'), line: 4, column: 3, what: reasons[0] },
    ]);
});

test("what JSON.parse refuses is refused", () => {
    for (const text of [
        '{"a":.5}',
        '{"a":1.}',
        "{'a':1}",
        '{"a":+1}',
        '{"a":NaN}',
        '{"a":"\u0001"}',
        '{"a":tru}',
        "{,}",
    ]) {
        assert.throws(() => JSON.parse(text));
        assert.notEqual(where(text), null, text);
    }
});

test("eight megabytes are checked in less than two seconds", () => {
    const text = JSON.stringify({ a: Array.from({ length: 100_000 }, (_, i) => ({ hash: "ab".repeat(30), i })) });
    assert.ok(text.length > 7_000_000);
    const start = Date.now();
    assert.equal(checkJson(text), null);
    assert.ok(Date.now() - start < 2000);
});

test("pointers", () => {
    assert.equal(join("/a", "b/c~d"), "/a/b~1c~0d");
    assert.deepEqual(split("/a/b~1c~0d/0"), ["a", "b/c~d", "0"]);
    assert.deepEqual(split(""), []);
});

test("differences", () => {
    assert.deepEqual(differences({ a: 1, b: { c: [1], d: 2 } }, { b: { d: 2, c: [1, 2] }, e: null }), [
        { pointer: "/a", old: 1, new: undefined },
        { pointer: "/b/c", old: [1], new: [1, 2] },
        { pointer: "/e", old: undefined, new: null },
    ]);
    assert.ok(same({ a: 1, b: 2 }, { b: 2, a: 1 }));
    assert.ok(!same({ a: 1 }, { toString: 1 } as Json));
});

test("three documents are put together", () => {
    const was = { a: 1, b: 2, c: { x: 1, y: 1 }, gone: 1 };
    const now = { a: 5, b: 3, c: { x: 2, y: 1 }, added: 1 };
    const mine = { a: 1, b: 4, c: { x: 1, y: 9 }, gone: 1 };
    const { merged, taken, conflicts } = merge(was, now, mine);
    assert.deepEqual(merged, { a: 5, b: 4, c: { x: 2, y: 9 }, added: 1 });
    assert.deepEqual(taken.sort(), ["/a", "/added", "/c/x", "/gone"]);
    assert.deepEqual(conflicts, [{ pointer: "/b", was: 2, now: 3, mine: 4 }]);
});

test("both did the same, both added, one removed what the other changed", () => {
    assert.deepEqual(merge({ a: 1 }, { a: 2 }, { a: 2 }).conflicts, []);
    assert.deepEqual(merge({}, { a: { x: 1 } }, { a: { y: 2 } }).merged, { a: { x: 1, y: 2 } });
    const removed = merge({ a: 1 }, {}, { a: 2 });
    assert.deepEqual(removed.conflicts, [{ pointer: "/a", was: 1, now: undefined, mine: 2 }]);
    assert.deepEqual(removed.merged, { a: 2 });
});

test("a choice is put into the document", () => {
    assert.deepEqual(replace({ a: { "b/c": 1, d: 2 } }, "/a/b~1c", 3), { a: { "b/c": 3, d: 2 } });
    assert.deepEqual(replace({ a: { b: 1 } }, "/a/b", undefined), { a: {} });
    assert.deepEqual(replace({}, "/a/b", 1), { a: { b: 1 } });
});

test("hits of words are marked, and no word is a pattern", () => {
    const marked = (name: string, words: string): string =>
        markWords(name, words)
            .map(({ text, hit }) => (hit ? `[${text}]` : text))
            .join("");
    assert.equal(marked("Firefox-130.0-build3", "FOX  build"), "Fire[fox]-130.0-[build]3");
    assert.equal(marked("a(b", "("), "a[(]b");
    assert.equal(marked("aXb", "."), "aXb");
    assert.equal(marked("aaa", "aa"), "[aaa]");
    assert.equal(marked("abc", ""), "abc");
});
