// Explain agrees with what clients really get, and each of its results is a link.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, useBrowser, visit } from "./harness.mjs";
import { api, PUBLIC } from "./window.mjs";

useBrowser();

const QUERIES = [
    "/update/1/Firefox/128.0/20240704121409/WINNT_x86_64-msvc/de/release-localtest/update.xml",
    "/update/2/Firefox/60.0/20180101000000/Linux_x86_64-gcc3/fr/release/Linux/update.xml",
    "/update/3/Firefox/130.0/20240704121409/WINNT_x86_64-msvc/de/beta/os/default/default/update.xml",
    "/update/4/Thunderbird/115.0/20230705/Linux_x86_64-gcc3/en-US/beta/Linux/default/default/1.0/update.xml",
    "/update/6/Firefox/131.0/20240704121409/WINNT_x86-msvc-x86/zh-CN/nightly/os/ISET:SSE2,MEM:2048/default/default/update.xml",
    "/json/1/FirefoxVPN/2.20.0/WINNT_x86_64/release/update.json",
    "/update/5/Firefox/130.0/20240704121409/WINNT_x86_64-msvc/de/beta/os/default/default/123456789012345/update.xml",
    "/update/3/GMP/130.0/20240829075237/WINNT_x86_64-msvc/de/release/os/default/default/update.xml",
    "/update/3/SystemAddons/130.0/20240829075237/WINNT_x86_64-msvc/de/release/os/default/default/update.xml",
    "/update/6/Firefox/115.0/20230701/WINNT_x86_64-msvc/de/nowhere/Windows_NT%206.1/ISET:SSE4_2,MEM:8192/default/default/update.xml",
];

test("its answers are those of the public site, byte for byte", async () => {
    const page = await open("relman@example.org");
    for (const path of QUERIES) {
        await visit(page, "/explain");
        await page.getByLabel("URL of an update query").fill(path);
        await page.keyboard.press("Enter");
        await page
            .getByText(/^The answer, \d+$/)
            .first()
            .click();
        const shown = await page.locator("details pre").first().textContent();
        assert.equal(shown, await (await fetch(PUBLIC + path)).text(), path);
    }
});

test("it names the rule that is chosen, and the first column that is against each other one", async () => {
    const page = await open("relman@example.org");
    await visit(page, `/explain?path=${encodeURIComponent(QUERIES[4])}`);
    await page.getByRole("row", { name: /95 7 all columns fit ✓ chosen/ }).waitFor();
    await page.getByRole("row", { name: /300 4 OS version wants Windows_NT 6\.1.* is os|300 4 .* against/ }).waitFor();
    assert.equal(await page.getByText("✓ chosen").count(), 1);
});

test("a pending change stands beside now", async () => {
    const rule = await api("admin@example.org", "GET", "/rules/5");
    const { sc_id } = await api("releng@example.org", "POST", "/scheduled_changes/rules", {
        ...rule,
        ...{ change_type: "update", mapping: "Firefox-129.0-build2", when: Date.now() + 3_600_000 },
    });
    const page = await open("relman@example.org");
    await visit(page, `/explain?path=${encodeURIComponent(QUERIES[2])}`);
    await page.getByText("Compare with pending changes").click();
    await page.getByLabel("Change rule firefox-beta").check();
    await page.getByRole("heading", { name: "With the changes" }).waitFor();
    await page.getByText("Firefox-129.0-build2").first().waitFor();
    assert.match(page.url(), new RegExp(`with=rules%3A${sc_id}`));
    await api("releng@example.org", "DELETE", `/scheduled_changes/rules/${sc_id}?data_version=1`);
});

test("a bad URL is said, and Ctrl-K takes a URL", async () => {
    const page = await open("relman@example.org");
    await visit(page, "/explain?path=/nonsense");
    await page.getByRole("alert").waitFor();
    await visit(page, "/");
    await page.keyboard.press("Control+k");
    await page.getByLabel("Command", { exact: true }).first().fill(QUERIES[5]);
    await page.keyboard.press("Enter");
    await page.getByText("✓ chosen").waitFor();
});
