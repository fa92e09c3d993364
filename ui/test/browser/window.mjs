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

const options = () => ({ executablePath: browserPath(), args: process.getuid() === 0 ? ["--no-sandbox"] : [] });

// A browser that others can share: its address goes into BROWSER_URL.
export function serveBrowser() {
    return chromium.launchServer(options());
}

export function startBrowser() {
    const { BROWSER_URL } = process.env;
    return BROWSER_URL ? chromium.connect(BROWSER_URL) : chromium.launch(options());
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
        await beLoggedIn(context, user);
    }
    return page;
}

// As the UI keeps a login by password. The dialog would take two seconds per window, because nginx delays refusals.
async function beLoggedIn(context, user, password = "demo") {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    await context.addInitScript(
        ({ site, login }) => {
            if (location.origin === site && !sessionStorage.getItem("test.login")) {
                sessionStorage.setItem("test.login", "kept");
                sessionStorage.setItem("balrog.login", login);
                localStorage.setItem("balrog.method", "password");
            }
        },
        { site: new URL(ADMIN).origin, login: JSON.stringify({ authorization }) },
    );
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
    return text && (response.headers.get("Content-Type") ?? "").includes("json") ? JSON.parse(text) : text;
}
