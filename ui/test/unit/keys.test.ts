// docs/ui.md names every key, and no other.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const UI = process.env["UI"] ?? "";
// Tests and documents write them like the key help.
const NAMES: Record<string, string> = { "mod+k": "Ctrl K", "mod+Enter": "Ctrl Enter" };

function keysOfCode(): Set<string> {
    const files = readdirSync(join(UI, "src"), { recursive: true, encoding: "utf8" }).filter(name =>
        /\.tsx?$/.test(name),
    );
    const texts = files.map(name => readFileSync(join(UI, "src", name), "utf8"));
    const found = texts.flatMap(text => [...text.matchAll(/\bkey: "([^"]+)"/g)].map(match => match[1] ?? ""));
    return new Set(found.map(key => NAMES[key] ?? key));
}

// Rows of the table: "Ctrl K", "`e`, `n`, `h`", "`j` `k`, Enter", "`g` then `o` `r`".
function keysOfDocument(): Set<string> {
    const text = readFileSync(join(UI, "../docs/ui.md"), "utf8");
    const table = text.slice(text.indexOf("## Keys"), text.indexOf("## The sources"));
    const cells = [...table.matchAll(/^\| (?!key |---)(.*?) \|/gm)].map(match => match[1] ?? "");
    return new Set(
        cells.flatMap(cell => {
            const [before, after] = cell.split(" then ");
            const keys = [...(after ?? before ?? "").matchAll(/`(.+?)`|(Ctrl \w+|\bEnter)/g)].map(
                match => match[1] ?? match[2] ?? "",
            );
            return after ? keys.map(key => `g ${key}`) : keys;
        }),
    );
}

test("the keys of docs/ui.md are those of the code", () => {
    const documented = [...keysOfDocument(), "?"].sort();
    assert.ok(documented.length > 20);
    assert.deepEqual([...new Set(documented)], [...keysOfCode()].sort());
});
