// Builds the UI into DIR (default: dist): index.html, and assets/ with a hash of the content in every name.
//
//   node build.mjs [DIR]            builds
//   node build.mjs --budget [DIR]   builds, prints the sizes after gzip, and fails if one is above its limit
import { build } from "esbuild";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const TOP = dirname(fileURLToPath(import.meta.url));
const FIRST_PAGE = "src/pages/overview/page.tsx";
// KB after gzip.
const LIMITS = { "first page, JS": 60, CSS: 12, "largest part that is loaded later": 140 };

async function bundle(outdir) {
    const result = await build({
        absWorkingDir: TOP,
        entryPoints: { main: "src/main.tsx", icon: "src/icon.svg" },
        outdir,
        bundle: true,
        splitting: true,
        minify: true,
        format: "esm",
        target: ["chrome123", "firefox120", "safari17.5"],
        jsx: "automatic",
        jsxImportSource: "preact",
        entryNames: "[name]-[hash]",
        chunkNames: "part-[hash]",
        loader: { ".svg": "copy" },
        metafile: true,
        logLevel: "warning",
    });
    return result.metafile.outputs;
}

const isEntry = (output, name) => output.entryPoint === name;

function find(outputs, entry, type) {
    const path = Object.keys(outputs).find(name => isEntry(outputs[name], entry) && name.endsWith(type));
    if (!path) {
        throw new Error(`the build has no ${type} of ${entry}`);
    }
    return path;
}

// Writes index.html last and at once, so that a server never sees a page whose parts are missing.
async function writePage(outputs, dir) {
    const script = find(outputs, "src/main.tsx", ".js");
    const values = {
        SCRIPT: basename(script),
        STYLE: basename(outputs[script].cssBundle),
        ICON: basename(find(outputs, "src/icon.svg", ".svg")),
    };
    const text = await readFile(join(TOP, "src/index.html"), "utf8");
    await writeFile(
        join(dir, "index.html.new"),
        text.replace(/@(\w+)@/g, (_, name) => `/ui/assets/${values[name]}`),
    );
    await rename(join(dir, "index.html.new"), join(dir, "index.html"));
}

// Removes assets of earlier builds.
async function sweep(outputs, assets) {
    const kept = new Set(Object.keys(outputs).map(name => basename(name)));
    for (const name of await readdir(assets)) {
        if (!kept.has(name)) {
            await rm(join(assets, name));
        }
    }
}

// The output and everything that it imports statically.
function closure(outputs, path, seen = new Set()) {
    if (!seen.has(path)) {
        seen.add(path);
        for (const item of outputs[path].imports) {
            if (item.kind === "import-statement") {
                closure(outputs, item.path, seen);
            }
        }
    }
    return seen;
}

async function sizes(outputs) {
    const gzipped = async path => gzipSync(await readFile(resolve(TOP, path))).length / 1000;
    const sum = async paths => (await Promise.all([...paths].map(gzipped))).reduce((a, b) => a + b, 0);
    const main = find(outputs, "src/main.tsx", ".js");
    const first = closure(outputs, find(outputs, FIRST_PAGE, ".js"), closure(outputs, main));
    const later = Object.keys(outputs).filter(path => path.endsWith(".js") && !first.has(path));
    return {
        "first page, JS": await sum(first),
        CSS: await sum([outputs[main].cssBundle]),
        "largest part that is loaded later": Math.max(0, ...(await Promise.all(later.map(gzipped)))),
    };
}

async function main() {
    const args = process.argv.slice(2);
    const budget = args[0] === "--budget";
    const dir = resolve(args[budget ? 1 : 0] ?? join(TOP, "dist"));
    const assets = join(dir, "assets");
    await mkdir(assets, { recursive: true });
    const outputs = await bundle(assets);
    await writePage(outputs, dir);
    await sweep(outputs, assets);
    if (budget) {
        for (const [name, size] of Object.entries(await sizes(outputs))) {
            console.log(`${name}: ${size.toFixed(1)} KB of ${LIMITS[name]} KB`);
            if (size > LIMITS[name]) {
                process.exitCode = 1;
            }
        }
    }
}

await main();
