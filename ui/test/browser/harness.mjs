// What the browser tests share: one browser, and a window per person. After each test, no page may have done what it must not.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";
import { createRequire } from "node:module";
import { ADMIN, openWindow, startBrowser } from "./window.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SHOTS = process.env.SHOTS;

let browser;
let windows = [];

export function useBrowser() {
    before(async () => {
        browser = await startBrowser();
    });
    after(() => browser.close());
    afterEach(async () => {
        const faults = windows.flatMap(page => page.faults);
        await Promise.all(windows.map(page => page.context().close()));
        windows = [];
        assert.deepEqual(faults, [], "messages of the browser");
    });
}

export async function open(user, options = {}) {
    const page = await openWindow(browser, { user, ...options });
    windows.push(page);
    return page;
}

export async function visit(page, path) {
    await page.goto(`${ADMIN}/ui${path}`);
    await page.locator("main h1").waitFor();
}

// Keeps a picture of the page where pictures are kept.
export async function picture(page, name) {
    if (SHOTS) {
        await mkdir(SHOTS, { recursive: true });
        await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    }
}

// What axe finds, of WCAG 2.2 AA and of what is good practice. Its script comes past the page's content policy, which forbids it as it forbids any other.
export async function faultsOf(page) {
    const session = await page.context().newCDPSession(page);
    const { readFile } = await import("node:fs/promises");
    await session.send("Runtime.evaluate", { expression: await readFile(AXE, "utf8") });
    const found = await page.evaluate(() =>
        window.axe.run(document, {
            runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }),
    );
    const faults = found.violations.map(
        v => `${v.id} (${v.impact}): ${v.nodes.map(node => node.html.slice(0, 160)).join(" | ")}`,
    );
    return faults.map(fault => `${new URL(page.url()).pathname}: ${fault}`);
}

// Waits until the condition holds; says what it waited for if it does not.
export async function eventually(what, condition, ms = 15_000) {
    const end = Date.now() + ms;
    for (;;) {
        if (await condition()) {
            return;
        }
        assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`);
        await new Promise(resolve => setTimeout(resolve, 100));
    }
}
