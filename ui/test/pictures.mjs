// Makes the pictures of docs/ui.md from a demo that runs: ADMIN_URL=http://127.0.0.1:8081 node ui/test/pictures.mjs docs/pictures
// The demo must have its pending changes and its traffic (scripts/demo-activity).
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ADMIN, api, openWindow, startBrowser } from "./browser/window.mjs";

const RELMAN = "relman@example.org";
const SIZE = { width: 1100, height: 720 };
const LIMIT = 60_000; // bytes
const QUERY =
    "/update/6/Firefox/128.0/20240704121409/WINNT_x86_64-msvc-x64/de/release/Windows_NT%2010.0.0.0.19045/ISET:SSE4_2,MEM:8192/default/default/update.xml";

async function visit(page, path, text) {
    await page.goto(`${ADMIN}/ui${path}`);
    await page.getByText(text).first().waitFor();
    await page.locator("main .skeleton").first().waitFor({ state: "detached" });
}

// Chromium itself makes WebP, but only when it is asked past playwright.
async function take(page, path) {
    const session = await page.context().newCDPSession(page);
    const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 60 });
    const bytes = Buffer.from(data, "base64");
    if (bytes.length > LIMIT) {
        throw new Error(`${path} has ${bytes.length} bytes; ${LIMIT} are the limit`);
    }
    await writeFile(path, bytes);
}

async function idOf(title) {
    const { pending } = await api(RELMAN, "GET", "/pending?kind=rules&limit=60");
    return pending.find(change => change.title === title).id;
}

async function showChange(page) {
    await visit(page, `/changes/rules/${await idOf("rule 4")}`, "of the queries get another answer");
    await page.getByText("Windows 7 ends at 115").waitFor();
}

async function showEffect(page) {
    await visit(page, `/changes/rules/${await idOf("rule firefox-release")}`, "of the queries get another answer");
    await page.getByRole("heading", { name: "Effect" }).evaluate(heading => heading.scrollIntoView());
}

async function showStop(page) {
    await visit(page, "/rules?product=Firefox&channel=release", "firefox-release");
    await page.keyboard.press("!");
    await page.getByRole("dialog").getByRole("option").first().waitFor();
}

const PICTURES = {
    overview: page => visit(page, "/", "firefox-release"),
    rules: page => visit(page, "/rules?product=Firefox", "firefox-release"),
    change: showChange,
    effect: showEffect,
    explain: page => visit(page, `/explain?path=${encodeURIComponent(QUERY)}`, "✓ chosen"),
    releases: page => visit(page, "/releases?product=Firefox", "Firefox-129.0-build2"),
    stop: showStop,
};

const dir = process.argv[2];
if (!ADMIN || !dir) {
    throw new Error("usage: ADMIN_URL=URL node ui/test/pictures.mjs DIR");
}
await mkdir(dir, { recursive: true });
const browser = await startBrowser();
const page = await openWindow(browser, { user: RELMAN, ...SIZE });
for (const [name, show] of Object.entries(PICTURES)) {
    await show(page);
    await take(page, join(dir, `${name}.webp`));
}
await browser.close();
