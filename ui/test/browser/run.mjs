// Runs the browser tests, one file after the other: they share one Balrog and one Chromium. Prints how long each file and each slow test took. The
// last line is "N passed, N failed".
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serveBrowser } from "./window.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const SLOW_S = 5;
const only = process.argv[2] ?? "";
const seconds = ms => `${(ms / 1000).toFixed(1).padStart(6)} s`;
let passed = 0;
let failed = 0;

// Runs one file. Resolves to what it printed.
function run(name, env) {
    return new Promise(resolve => {
        const child = spawn(process.execPath, ["--test", "--test-reporter=tap", join(HERE, name)], {
            env: { ...process.env, ...env },
            stdio: ["ignore", "pipe", "pipe"],
        });
        const printed = { out: "", err: "" };
        child.stdout.setEncoding("utf8").on("data", text => (printed.out += text));
        child.stderr.setEncoding("utf8").on("data", text => (printed.err += text));
        child.on("close", () => resolve(printed));
    });
}

const browser = await serveBrowser();
for (const name of readdirSync(HERE)
    .filter(file => file.endsWith(".test.mjs") && file.includes(only))
    .sort()) {
    const from = Date.now();
    const { out: stdout, err: stderr } = await run(name, { BROWSER_URL: browser.wsEndpoint() });
    const number = word => Number(new RegExp(`^# ${word} (\\d+)`, "m").exec(stdout)?.[1] ?? 0);
    passed += number("pass");
    failed += number("fail") + (number("tests") ? 0 : 1);
    console.log(`${seconds(Date.now() - from)} ${name}`);
    for (const [, test, ms] of stdout.matchAll(/^(?:not )?ok \d+ - (.*)\n {2}---\n {2}duration_ms: ([\d.]+)/gm)) {
        if (ms > 1000 * SLOW_S) {
            console.log(`    ${seconds(ms)} ${test}`);
        }
    }
    if (number("fail") || !number("tests")) {
        console.log(`--- ${name}\n${stdout}${stderr}`);
    }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
