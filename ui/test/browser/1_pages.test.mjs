// Every page in both themes and both widths: it shows something, axe finds nothing, and nothing overflows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPages, faultsOf, open, useBrowser, visit } from "./harness.mjs";
import { api } from "./window.mjs";

useBrowser();

const QUERY =
    "/update/3/Firefox/128.0/20240704121409/WINNT_x86_64-msvc/de/release/Windows_NT%2010.0/default/default/update.xml";
const PAGES = [
    ["overview", "/"],
    ["rules", "/rules"],
    ["rule", "/rules#ruleId=1"],
    ["rule-form", "/rules/10/edit"],
    ["rule-page", "/rules/1"],
    ["history", "/history"],
    ["channels", "/channels?left=Firefox:release-localtest&right=Firefox:release"],
    ["expectations", "/expectations"],
    ["changes", "/changes"],
    ["stops", "/stop"],
    ["explain", `/explain?path=${encodeURIComponent(QUERY)}`],
];

test("something is pending", async () => {
    const rule = await api("admin@example.org", "GET", "/rules/1");
    const when = Date.now() + 3_600_000;
    const change = { ...rule, change_type: "update", backgroundRate: 50, when };
    const { sc_id } = await api("releng@example.org", "POST", "/scheduled_changes/rules", change);
    PAGES.push(["change", `/changes/rules/${sc_id}`]);
});

test("every page, in both themes and widths", () => checkPages("relman@example.org", PAGES));

test("the dialog to log in", async () => {
    const page = await open(null);
    await visit(page, "/rules");
    await page.getByRole("dialog", { name: "Log in" }).waitFor();
    assert.deepEqual(await faultsOf(page), []);
});

test("nothing is left pending", async () => {
    const { pending } = await api("admin@example.org", "GET", "/pending?kind=rules");
    for (const { id, sc_data_version: version } of pending) {
        await api("admin@example.org", "DELETE", `/scheduled_changes/rules/${id}?data_version=${version}`);
    }
});
