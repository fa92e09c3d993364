// Several roles in one hand, deletions that have to be signed, rules that are gone, warnings, and what a screen reader reads.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventually, open, seesNews, useBrowser, visit } from "./harness.mjs";
import { Box } from "./sites.mjs";
import { api } from "./window.mjs";

useBrowser();

const box = new Box(process.env.BALROG_BOX);
const takeRole = () => box.sql("DELETE FROM user_roles WHERE username = 'relman@example.org' AND role = 'releng'");
after(takeRole);

const drop = async id => {
    const { scheduled_change: change } = await api("admin@example.org", "GET", `/scheduled_changes/rules/${id}`);
    await api("admin@example.org", "DELETE", `/scheduled_changes/rules/${id}?data_version=${change.sc_data_version}`);
};

test("who holds several roles may choose among those that are open, and gives one", async () => {
    box.sql("INSERT INTO user_roles (username, role, data_version) VALUES ('relman@example.org', 'releng', 1)");
    const rule = await api("admin@example.org", "GET", "/rules/1");
    const change = { ...rule, change_type: "update", backgroundRate: 40, when: Date.now() + 3_600_000 };
    const { sc_id } = await api("admin@example.org", "POST", "/scheduled_changes/rules", change);
    const page = await open("relman@example.org");
    await visit(page, `/changes/rules/${sc_id}`);
    await page.getByText("0 of 2, waits for releng and relman").waitFor();
    const [releng, relman] = ["releng", "relman"].map(role =>
        page.getByRole("button", { name: `Sign off as ${role}` }),
    );
    await releng.waitFor();
    await relman.waitFor();
    await api("releng@example.org", "POST", `/scheduled_changes/rules/${sc_id}/signoffs`, { role: "releng" });
    await seesNews(page, releng, "detached");
    await relman.and(page.locator(":not([aria-disabled])")).click();
    await page.getByText("2 of 2, all signed").waitFor();
    assert.equal(await relman.count(), 0, "nobody signs twice");
    await page.keyboard.press("u");
    await page.getByText("1 of 2, waits for relman").waitFor();
    await drop(sc_id);
    takeRole();
});

test("a deletion that has to be signed is scheduled, and shows what goes", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules/firefox-watershed-72");
    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 × releng, 1 × relman").waitFor();
    await dialog.getByRole("button", { name: "Schedule the deletion" }).click();
    await page.getByText(/^is deleted /).waitFor();
    const { pending } = await api("admin@example.org", "GET", "/pending?kind=rules");
    const { id } = pending.find(change => change.change_type === "delete");
    const relman = await open("relman@example.org");
    await visit(relman, `/changes/rules/${id}`);
    const columns = relman.getByLabel("Changed columns");
    await columns.getByText("New profile format").waitFor();
    await columns.getByText("<72.0").waitFor();
    await relman
        .getByRole("button", { name: "Sign off as relman" })
        .and(relman.locator(":not([aria-disabled])"))
        .waitFor();
    await drop(id);
});

test("a rule that was deleted while somebody edits it: it is said, and the text stays", async () => {
    const columns = { product: "Thunderbird", channel: "nightly", priority: 10, backgroundRate: 100 };
    const more = { update_type: "minor", mapping: "Thunderbird-128.2.0esr-build1" };
    const id = await api("admin@example.org", "POST", "/rules", { ...columns, ...more });
    const page = await open("releng@example.org");
    await visit(page, `/rules/${id}/edit`);
    await page.getByLabel("Comment").fill("too late");
    await page.getByText("Nobody has to sign.").waitFor();
    await api("admin@example.org", "DELETE", `/rules/${id}?data_version=1`);
    await page.getByRole("button", { name: "Apply now" }).click();
    await page.locator("form > .stack .note.red", { hasText: "404" }).waitFor();
    assert.equal(await page.getByLabel("Comment").inputValue(), "too late");
});

test("a release of another product is warned of", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules/10/edit");
    await page.getByLabel("Update to").fill("Firefox-130.0-build3");
    await page
        .getByLabel("What saving would do")
        .getByText(/Firefox-130\.0-build3.*a release of Firefox, not of Thunderbird/)
        .waitFor();
});

test("what a screen reader reads of a list, a difference and a dialog; the focus comes back", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules?product=Firefox&channel=release");
    const table = page.getByRole("table", { name: "Rules" });
    await table.getByRole("button", { name: "firefox-watershed-72" }).waitFor();
    const list = await table.ariaSnapshot();
    for (const head of ["Priority", "Product and channel", "Update to", "Rate", "For whom", "Pending", "Rule"]) {
        assert.match(list, new RegExp(`columnheader "${head}"`));
    }
    assert.match(list, /row "200 Firefox release Firefox-72\.0\.2-build1 100 % below 72\.0 New profile format/);
    await visit(page, "/rules/3/edit");
    await page.getByLabel("Comment").fill("another");
    const difference = page.getByRole("group", { name: "Changed columns" });
    await difference.getByText("another").waitFor();
    assert.match(await difference.ariaSnapshot(), /Comment.*before.*New profile format.*after.*another/s);
    await visit(page, "/rules/3");
    const opener = page.getByRole("button", { name: "Delete…" });
    await opener.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 × releng, 1 × relman").waitFor();
    assert.match(
        await dialog.ariaSnapshot(),
        /dialog "Delete firefox-watershed-72\?".*button "Schedule the deletion"/s,
    );
    const cancel = dialog.getByRole("button", { name: "Cancel" });
    assert.ok(await cancel.evaluate(button => button === document.activeElement), "Enter alone does nothing");
    // Tab stays in the dialog, or leaves the page; it never reaches what is behind.
    for (let i = 0; i < 6; i++) {
        await page.keyboard.press("Tab");
        assert.ok(
            await page.evaluate(
                () => document.activeElement === document.body || !!document.activeElement.closest("dialog"),
            ),
        );
    }
    await page.keyboard.press("Escape");
    await eventually("the focus is back", () => opener.evaluate(button => button === document.activeElement));
});
