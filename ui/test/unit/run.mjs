// Runs the unit tests: bundles each *.test.ts for Node, and hands them to node --test. The last line is "N passed, N failed".
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const dir = await mkdtemp(join(tmpdir(), "balrog-ui-"));
const tests = (await readdir(HERE)).filter(name => name.endsWith(".test.ts"));
await build({
    entryPoints: tests.map(name => join(HERE, name)),
    outdir: dir,
    bundle: true,
    platform: "node",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
});
const files = tests.map(name => join(dir, name.replace(/\.ts$/, ".mjs")));
const { stdout, stderr } = spawnSync(process.execPath, ["--test", "--test-reporter=tap", ...files], {
    encoding: "utf8",
    env: { ...process.env, UI: join(HERE, "../..") },
});
await rm(dir, { recursive: true });
const number = name => Number(new RegExp(`^# ${name} (\\d+)`, "m").exec(stdout)?.[1] ?? 0);
const failed = number("fail") + (number("tests") ? 0 : 1);
if (failed) {
    process.stdout.write(stdout + stderr);
}
console.log(`${number("pass")} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
