// What the browser tests share: one browser, and a window per person. After each test, no page may have done what it must not.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
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

// Waits until the page shows the locator, or, with "detached", does not. Pages look for news every ten seconds, and when the user
// comes back to them, which is what happens here.
export async function seesNews(page, locator, state = "visible") {
    await eventually(`${locator}: ${state}`, async () => {
        await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
        return locator.waitFor({ state, timeout: 500 }).then(
            () => true,
            () => false,
        );
    });
}

export async function isShown(page, path) {
    await visit(page, path);
    await page.locator("main .skeleton").first().waitFor({ state: "detached" });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${path} is ${wide} px too wide`);
}

// Opens the pages ([name, path]) on a wide and on a narrow screen: each shows something, nothing overflows, axe finds nothing, and a
// picture of it is kept, in both themes. Only colours depend on the theme.
export async function checkPages(user, pages) {
    const faults = [];
    for (const width of [1280, 360]) {
        const page = await open(user, { width, height: width < 500 ? 740 : 900 });
        for (const [name, path] of pages) {
            await isShown(page, path);
            await picture(page, `${name}-light-${width}`);
            faults.push(...(await faultsOf(page)));
            await page.emulateMedia({ colorScheme: "dark" });
            await picture(page, `${name}-dark-${width}`);
            faults.push(...(await faultsOf(page, ["color-contrast"])));
            await page.emulateMedia({ colorScheme: "light" });
        }
    }
    assert.deepEqual(faults, []);
}

// Keeps a picture of the page where pictures are kept.
export async function picture(page, name) {
    if (SHOTS) {
        await mkdir(SHOTS, { recursive: true });
        await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
    }
}

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// What axe finds, of WCAG 2.2 AA and of what is good practice, or of these rules. Its script comes past the page's content policy,
// which forbids it as it forbids any other.
export async function faultsOf(page, runOnly = RULES) {
    if (!(await page.evaluate(() => "axe" in window))) {
        const session = await page.context().newCDPSession(page);
        await session.send("Runtime.evaluate", { expression: await readFile(AXE, "utf8") });
        await session.detach();
    }
    const found = await page.evaluate(
        rules => window.axe.run(document, { runOnly: rules, resultTypes: ["violations"] }),
        runOnly,
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
