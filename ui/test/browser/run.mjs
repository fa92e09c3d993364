// Runs the browser tests: as many lanes beside each other as BALROG_BOXES has sandboxes, each with a Balrog of its own, because the tests wait more than
// they work. The files of a lane run one after the other. Prints how long each file and each slow test took. The last line is "N passed, N failed".
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
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

// The variables that the sandbox printed into DIR.urls when it was made.
function variablesOf(dir) {
    const printed = readFileSync(`${dir}.urls`, "utf8");
    const pairs = [...printed.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value.replaceAll("'", "")]);
    return { ...Object.fromEntries(pairs), BALROG_BOX: dir };
}

function report(name, ms, { out, err }) {
    const number = word => Number(new RegExp(`^# ${word} (\\d+)`, "m").exec(out)?.[1] ?? 0);
    passed += number("pass");
    failed += number("fail") + (number("tests") ? 0 : 1);
    console.log(`${seconds(ms)} ${name}`);
    for (const [, test, took] of out.matchAll(/^(?:not )?ok \d+ - (.*)\n {2}---\n {2}duration_ms: ([\d.]+)/gm)) {
        if (took > 1000 * SLOW_S) {
            console.log(`    ${seconds(took)} ${test}`);
        }
    }
    if (number("fail") || !number("tests")) {
        console.log(`--- ${name}\n${out}${err}`);
    }
}

const browser = await serveBrowser();
const boxes = process.env.BALROG_BOXES.split(" ");
const files = readdirSync(HERE)
    .filter(file => file.endsWith(".test.mjs") && file.includes(only))
    .sort();
if (!files.length) {
    console.log(`no file's name contains ${only}`);
    failed = 1;
}
await Promise.all(
    boxes.map(async (box, lane) => {
        const env = { ...variablesOf(box), BROWSER_URL: browser.wsEndpoint() };
        // By the number in its name, so that a file finds the same Balrog each time.
        for (const name of files.filter(file => parseInt(file, 10) % boxes.length === lane)) {
            const from = Date.now();
            const printed = await run(name, env);
            report(name, Date.now() - from, printed);
        }
    }),
);
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
