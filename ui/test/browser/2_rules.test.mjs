// The rules: finding them, looking back, changing them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, faultsOf, open, seesNews, useBrowser, visit } from "./harness.mjs";
import { api, PUBLIC } from "./window.mjs";

useBrowser();

const rowOf = (page, name) => page.locator("tbody.rule", { has: page.getByRole("button", { name, exact: true }) });
const served = async path => (await fetch(PUBLIC + path)).text();

test("wrong passwords are said, right ones let in, another tab needs none", async () => {
    const page = await open(null);
    await visit(page, "/rules");
    const dialog = page.getByRole("dialog", { name: "Log in" });
    await dialog.getByLabel("Name").fill("releng@example.org");
    await dialog.getByLabel("Password").fill("wrong");
    await dialog.getByRole("button", { name: "Log in" }).click();
    await dialog.getByText("Name or password is wrong.").waitFor();
    await dialog.getByLabel("Password").fill("demo");
    await page.keyboard.press("Enter");
    await page.getByText("releng@example.org (releng)").waitFor();
    const other = await page.context().newPage();
    await visit(other, "/rules");
    await other.getByText("releng@example.org (releng)").waitFor();
});

test("filters stand in the address and come back with the back button", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules?product=Firefox&channel=beta");
    await rowOf(page, "firefox-beta").waitFor();
    assert.equal(await page.locator("tbody.rule").count(), 1, "the glob beta* fits beta");
    await page.getByLabel("Product and channel").selectOption({ label: "All products" });
    await page.getByPlaceholder("Words in any column").fill("build3 locALtest");
    await eventually("one rule", async () => (await page.locator("tbody.rule").count()) === 1);
    assert.match(page.url(), /q=build3\+locALtest/);
    await page.getByPlaceholder("Words in any column").fill("(");
    await page.getByText("None of the 15 rules fits").waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goBack();
    await page.getByText("None of the 15 rules fits").waitFor();
});

test("a link to a rule opens it", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules#ruleId=4");
    await page.getByText("No later version runs there").first().waitFor();
    assert.equal(await rowOf(page, "4").locator("tr.cursor").count(), 1);
});

test("rewind shows the rules of a moment, with what has changed, and nothing to do", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules?timestamp=1725350400001");
    await page.getByText("15 rules").waitFor();
    await page.getByRole("button", { name: "firefox-release", exact: true }).click();
    assert.equal(await page.getByRole("button", { name: "Delete…" }).count(), 0);
    assert.equal(await page.getByRole("link", { name: "New rule" }).count(), 0);
    await page.getByRole("button", { name: "Back to now" }).click();
    await page.getByRole("link", { name: "New rule" }).waitFor();
});

test("keys: move, open, density, help", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules");
    await page.locator("tbody.rule").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("k");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("tbody.rule").first().locator("tr.details").count(), 1);
    await page.keyboard.press("d");
    await page.locator("table.rules.full, table.rules.compact").waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys on this page" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await page.getByRole("heading", { name: "Pending changes" }).waitFor();
});

test("x explains a query that the rule fits", async () => {
    const page = await open("releng@example.org");
    for (const name of ["firefox-watershed-72", "4", "vpn-release"]) {
        await visit(page, "/rules?density=full");
        const row = rowOf(page, name);
        await row.waitFor();
        const id = (await row.getAttribute("id")).replace("rule-", "");
        await visit(page, `/rules#ruleId=${id}`);
        await row.locator("tr.cursor").waitFor();
        await page.keyboard.press("x");
        await page.getByText("This query was made from the columns of").waitFor();
        await page.getByRole("row", { name: new RegExp(` ${id} all columns fit ✓ chosen`) }).waitFor();
    }
});

const RELEASE =
    "/update/3/Firefox/128.0/20240704121409/WINNT_x86_64-msvc/de/release/os/default/default/update.xml?force=-1";

test("schedule as releng, sign as relman, the agent makes it, clients get it, the list shows it", async () => {
    const releng = await open("releng@example.org");
    await visit(releng, "/rules/1/edit");
    await releng.getByLabel("Else").fill("Firefox-128.0-build1");
    await releng.getByText("Needs 1 × releng, 1 × relman.").waitFor();
    await releng.getByText("Saving counts as your sign-off as releng.").waitFor();
    await releng.keyboard.press("Control+Enter");
    await releng.getByText("1 of 2, waits for relman").waitFor();
    assert.match(await served(RELEASE), /129\.0/);

    const relman = await open("relman@example.org", { width: 360, height: 740, theme: "dark" });
    await visit(relman, "/changes");
    await relman.getByRole("button", { name: /Change rule firefox-release/ }).click();
    await relman.getByText("Firefox-129.0-build2").waitFor();
    await relman.getByRole("button", { name: "Sign off as relman" }).click();
    await relman.getByText("Signed off as relman").waitFor();
    await eventually(
        "the agent makes it and 128.0 is served",
        async () => !/129\.0/.test(await served(RELEASE)),
        20_000,
    );
    await seesNews(releng, releng.getByText("else Firefox-128.0-build1"));
});

test("at once where nobody has to sign; an emptied column is null", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules/10/edit");
    await page.getByLabel("Else").fill("");
    await page.getByRole("button", { name: "50", exact: true }).click();
    await page.getByText("Nobody has to sign.").waitFor();
    await page.getByRole("button", { name: "Apply now" }).click();
    await page.getByText("is served like this now").waitFor();
    const rule = await api("admin@example.org", "GET", "/rules/10");
    assert.deepEqual([rule.backgroundRate, rule.fallbackMapping], [50, null]);
});

test("a duplicate keeps three-state columns and has no alias; it can be deleted", async () => {
    const made = await api("admin@example.org", "POST", "/rules", {
        ...{ product: "Thunderbird", channel: "nightly", alias: "three", priority: 10, backgroundRate: 100 },
        ...{ update_type: "minor", jaws: false, mig64: true, mapping: "Thunderbird-128.2.0esr-build1" },
    });
    const page = await open("releng@example.org");
    await visit(page, `/rules/new?from=${made}`);
    assert.equal(await page.getByLabel("Alias").inputValue(), "");
    await page.getByLabel("Comment").fill("the copy");
    await page.getByRole("button", { name: "Apply now" }).click();
    await page.getByText("is served like this now").waitFor();
    const { rules } = await api("admin@example.org", "GET", "/rules?product=Thunderbird");
    const copy = rules.find(rule => rule.comment === "the copy");
    assert.deepEqual([copy.jaws, copy.mig64, copy.alias], [false, true, null]);
    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Nobody has to sign").waitFor();
    await page.keyboard.press("Enter");
    assert.equal(await dialog.count(), 0, "Enter alone is Cancel");
    await page.getByRole("button", { name: "Delete…" }).click();
    await dialog.getByText("Nobody has to sign").waitFor();
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText(`Deleted: rule ${copy.rule_id}`).waitFor();
    await api("admin@example.org", "DELETE", `/rules/${made}?data_version=1`);
});

test("columns that /json queries lack are not offered, and a value that is set is", async () => {
    const page = await open("admin@example.org");
    await visit(page, "/rules/40/edit");
    await page.getByLabel("OS version").waitFor();
    assert.equal(await page.getByLabel("Locale").count(), 0);
    await page.getByLabel("Product", { exact: true }).fill("Firefox");
    await page.getByLabel("Locale").fill("de");
    await page.getByLabel("Product", { exact: true }).fill("FirefoxVPN");
    await page.getByText("the rule fits nobody").waitFor();
});

test("a rule without a mapping can be changed, and stays without one; a new rule needs one", async () => {
    const page = await open("admin@example.org");
    await visit(page, "/rules/7/edit");
    await page.getByText("Empty: clients that it fits get no update").waitFor();
    await page.getByLabel("Comment").fill("still none");
    await page.getByText("Nobody has to sign.").waitFor();
    await page.getByRole("button", { name: "Apply now" }).click();
    await page.getByText("is served like this now").waitFor();
    const { mapping, comment } = await api("admin@example.org", "GET", "/rules/7");
    assert.deepEqual([mapping, comment], [null, "still none"]);
    await visit(page, "/rules/new?from=7");
    await page.getByLabel("Comment").fill("a copy");
    await page.getByText("This is needed").waitFor();
    assert.equal(await page.getByRole("button", { name: "Schedule" }).getAttribute("aria-disabled"), "true");
});

test("a new priority shows where the rule will stand; a new product, under both", async () => {
    const rule = await api("admin@example.org", "GET", "/rules/2");
    const { sc_id } = await api("admin@example.org", "POST", "/scheduled_changes/rules", {
        ...rule,
        ...{ change_type: "update", priority: 250, product: "Thunderbird", when: Date.now() + 3_600_000 },
    });
    const page = await open("releng@example.org");
    await visit(page, "/rules");
    await rowOf(page, "firefox-release-localtest").getByText("91 → 250").waitFor();
    const outline = page.locator("tbody.future");
    await outline.getByText("will stand here").waitFor();
    const order = await page.locator("table.rules tbody").evaluateAll(all => all.map(tbody => tbody.className));
    assert.equal(order.indexOf("future"), 1, "below 300, above 200");
    assert.deepEqual(await faultsOf(page), []);
    for (const [product, mark] of [
        ["Firefox", "leaves"],
        ["Thunderbird", "arrives"],
    ]) {
        await visit(page, `/rules?product=${product}&channel=release-localtest`);
        await rowOf(page, "firefox-release-localtest").getByText(mark).waitFor();
    }
    await api("admin@example.org", "DELETE", `/scheduled_changes/rules/${sc_id}?data_version=1`);
});

test("a rule with a pending change is deleted, and the change is dropped first", async () => {
    const columns = { product: "Thunderbird", channel: "nightly", priority: 10, backgroundRate: 100 };
    const more = { update_type: "minor", mapping: "Thunderbird-128.2.0esr-build1" };
    const id = await api("admin@example.org", "POST", "/rules", { ...columns, ...more });
    const change = { ...columns, ...more, change_type: "update", rule_id: Number(id), data_version: 1 };
    await api("releng@example.org", "POST", "/scheduled_changes/rules", { ...change, when: Date.now() + 3_600_000 });
    const page = await open("releng@example.org");
    await visit(page, `/rules/${id}`);
    await page.getByRole("button", { name: "Delete…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("is dropped first").waitFor();
    await dialog.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByText(`Deleted: rule ${id}`).waitFor();
    const { count } = await api("admin@example.org", "GET", "/scheduled_changes/rules");
    assert.equal(count, 0);
});

test("by keys alone: find a rule, edit it, schedule it", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules");
    await page.locator("tbody.rule").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("firefox-beta");
    await eventually("one rule", async () => (await page.locator("tbody.rule").count()) === 1);
    await page.keyboard.press("Tab");
    await page.keyboard.press("j");
    await page.keyboard.press("e");
    await page.getByLabel("Update to").waitFor();
    await eventually("the heading has the focus", () => page.evaluate(() => document.activeElement?.tagName === "H1"));
    for (let i = 0; i < 40; i++) {
        const label = await page.evaluate(() => document.activeElement?.labels?.[0]?.textContent ?? "");
        if (label === "Comment") {
            break;
        }
        await page.keyboard.press("Tab");
    }
    await page.keyboard.type("by keys");
    await page.getByText("Nobody has to sign.").waitFor();
    await page.keyboard.press("Control+Enter");
    await page.getByText("is served like this now").waitFor();
    assert.equal((await api("admin@example.org", "GET", "/rules/5")).comment, "by keys");
});

test("two people edit one rule: nothing is lost", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules/10/edit");
    await page.getByLabel("Comment").fill("mine");
    await page.getByLabel("Priority").fill("91");
    await page.getByText("Nobody has to sign.").waitFor();
    const { data_version } = await api("admin@example.org", "GET", "/rules/10");
    await api("admin@example.org", "POST", "/rules/10", { data_version, comment: "theirs", backgroundRate: 75 });
    await page.getByRole("button", { name: "Apply now" }).click();
    const clash = page.getByLabel("Changed by somebody else");
    await clash.getByText("Taken from them: Rate (%)").waitFor();
    await clash.getByRole("button", { name: "mine" }).click();
    await page.getByText("Nobody has to sign.").waitFor();
    await page.getByRole("button", { name: "Apply now" }).click();
    await page.getByText("is served like this now").waitFor();
    const rule = await api("admin@example.org", "GET", "/rules/10");
    assert.deepEqual([rule.comment, rule.backgroundRate, rule.priority], ["mine", 75, 91]);
});

test("a past time is refused, and what was typed comes back", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules/2/edit");
    await page.getByLabel("Comment").fill("a draft");
    await page.getByLabel("At a time").check();
    await page.getByLabel("Time (UTC)").fill("2020-01-01 00:00");
    await page.getByText("This time has passed").waitFor();
    await page.reload();
    await page.getByText("This is what you typed before").waitFor();
    assert.equal(await page.getByLabel("Comment").inputValue(), "a draft");
});

test("who may not do something sees why", async () => {
    const page = await open("relman@example.org");
    await visit(page, "/rules#ruleId=10");
    const edit = page.getByRole("button", { name: "Edit" });
    assert.equal(await edit.getAttribute("aria-disabled"), "true");
    assert.match(await edit.getAttribute("title"), /permission “rule” \(modify\)/);
});
