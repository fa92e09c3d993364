// Runs the browser tests, one file after the other: they share one Balrog. The last line is "N passed, N failed".
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const only = process.argv[2] ?? "";
let passed = 0;
let failed = 0;
for (const name of readdirSync(HERE)
    .filter(file => file.endsWith(".test.mjs") && file.includes(only))
    .sort()) {
    const { stdout, stderr } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", join(HERE, name)], {
        encoding: "utf8",
    });
    const number = word => Number(new RegExp(`^# ${word} (\\d+)`, "m").exec(stdout)?.[1] ?? 0);
    passed += number("pass");
    failed += number("fail") + (number("tests") ? 0 : 1);
    if (number("fail") || !number("tests")) {
        console.log(`--- ${name}\n${stdout}${stderr}`);
    }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
