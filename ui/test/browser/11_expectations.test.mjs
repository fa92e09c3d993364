// Expectations: made, held against changes, checked, carried as files.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { faultsOf, open, picture, useBrowser, visit } from "./harness.mjs";
import { api } from "./window.mjs";

useBrowser();

const QUERY = "/update/3/Thunderbird/115.0/20230705/Linux_x86_64-gcc3/en-US/release/Linux/default/default/update.xml";
const NAME = "115 gets an update";

test("one is made, holds, and a form says that its rule would break it", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/expectations?product=Thunderbird");
    await page.getByText("Thunderbird has no expectations.").waitFor();
    await page.keyboard.press("n");
    const dialog = page.getByRole("dialog", { name: "New expectation" });
    assert.equal(await dialog.getByLabel("Product").inputValue(), "Thunderbird");
    await dialog.getByLabel("Name").fill(NAME);
    await dialog.getByLabel("URL of an update query").fill(QUERY);
    await dialog.getByLabel("At least version").fill("115.5");
    assert.deepEqual(await faultsOf(page), []);
    await dialog.getByRole("button", { name: "Save" }).click();
    await page.getByText("always an update · 115.5 or later").waitFor();
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("✓ holds").waitFor();
    await visit(page, "/rules/10/edit");
    await page.getByLabel("Version", { exact: true }).fill("<60.0");
    await page.getByText("! breaks 1 expectation").waitFor();
    await page.getByRole("link", { name: NAME }).waitFor();
    await picture(page, "form-breaks-light-1280");
});

test("the inbox names what a pending change breaks", async () => {
    const rule = await api("admin@example.org", "GET", "/rules/10");
    const { sc_id } = await api("releng@example.org", "POST", "/scheduled_changes/rules", {
        ...rule,
        ...{ change_type: "update", version: "<60.0", when: Date.now() + 3_600_000 },
    });
    const page = await open("relman@example.org");
    await visit(page, "/changes");
    await page.getByText("! breaks 1 expectation").waitFor();
    await visit(page, `/changes/rules/${sc_id}`);
    await page.getByRole("link", { name: NAME }).waitFor();
    await api("releng@example.org", "DELETE", `/scheduled_changes/rules/${sc_id}?data_version=1`);
});

test("exported, deleted, imported; a file that is something else is refused", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/expectations?product=Thunderbird");
    await page.getByText(NAME).waitFor();
    const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "Export" }).click(),
    ]);
    const dir = await mkdtemp(join(tmpdir(), "balrog-download-"));
    await download.saveAs(join(dir, "e.json"));
    const text = await readFile(join(dir, "e.json"), "utf8");
    await rm(dir, { recursive: true });
    assert.equal(JSON.parse(text).expectations[0].name, NAME);
    await page.getByRole("button", { name: `Delete ${NAME}` }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText("There is no expectation yet.").or(page.getByText("has no expectations")).waitFor();
    const file = content => ({ name: "e.json", mimeType: "application/json", buffer: Buffer.from(content) });
    await page.getByLabel("Import…").setInputFiles(file("[1"));
    await page.getByText("e.json is not a list of expectations").waitFor();
    await page.getByLabel("Import…").setInputFiles(file(text));
    const dialog = page.getByRole("dialog", { name: "Import expectations?" });
    await dialog.getByText("+ new").waitFor();
    await dialog.getByRole("button", { name: "Import" }).click();
    await page.getByText("Imported: 1 changed, 0 as they were").waitFor();
    const { expectations } = await api("admin@example.org", "GET", "/expectations?product=Thunderbird");
    assert.deepEqual(
        expectations.map(one => one.name),
        [NAME],
    );
    const path = `/expectations/Thunderbird/${encodeURIComponent(NAME)}`;
    await api("admin@example.org", "DELETE", `${path}?data_version=${expectations[0].data_version}`);
});
