// Debian's Chromium for the tests of the UI: real pages, one browser for all of them, and a log of everything that a page
// must not do.
import { chromium } from "playwright-core";
import { existsSync } from "node:fs";

const PATHS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

export const ADMIN = process.env.ADMIN_URL;
export const PUBLIC = process.env.PUBLIC_URL;

export function browserPath() {
    return process.env.CHROMIUM ?? PATHS.find(path => existsSync(path));
}

export async function startBrowser() {
    return chromium.launch({
        executablePath: browserPath(),
        args: process.getuid() === 0 ? ["--no-sandbox"] : [],
    });
}

// A window of its own, as another person at another machine. `faults` collects what must not happen: messages about the
// content policy, errors of scripts, and failed requests that no test expects.
export async function openWindow(browser, { width = 1280, height = 900, theme = "light", user, context: more } = {}) {
    const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        reducedMotion: "reduce",
        timezoneId: "Europe/Berlin",
        ...more,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.faults = [];
    page.on("pageerror", error => page.faults.push(`error: ${error.message}`));
    page.on("console", message => {
        // A refused request is the server's answer, and tests look at it; Chromium logs it all the same.
        if (message.type() === "error" && !/Failed to load resource/.test(message.text())) {
            page.faults.push(`console: ${message.text()}`);
        }
    });
    page.on("dialog", dialog => void dialog.accept());
    if (user) {
        await logIn(page, user);
    }
    return page;
}

export async function logIn(page, user, password = "demo") {
    await page.goto(`${ADMIN}/ui/`);
    const dialog = page.getByRole("dialog", { name: "Log in" });
    await dialog.getByLabel("Name").fill(user);
    await dialog.getByLabel("Password").fill(password);
    await dialog.getByRole("button", { name: "Log in" }).click();
    await dialog.waitFor({ state: "detached" });
}

// A request to the admin API, past the UI.
export async function api(user, method, path, body) {
    const response = await fetch(`${ADMIN}${path}`, {
        method,
        headers: {
            Authorization: `Basic ${Buffer.from(`${user}:demo`).toString("base64")}`,
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) {
        throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return (response.headers.get("Content-Type") ?? "").includes("json") ? JSON.parse(text) : text;
}
