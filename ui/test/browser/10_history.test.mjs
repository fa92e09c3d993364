// What has happened, what a rule was, and the way back; two channels beside each other; the overview.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, faultsOf, open, picture, useBrowser, visit } from "./harness.mjs";
import { api } from "./window.mjs";

useBrowser();

const RULE = 22;
const rule = id => api("admin@example.org", "GET", `/rules/${id}`);

async function change(id, columns) {
    const { data_version } = await rule(id);
    await api("admin@example.org", "POST", `/rules/${id}`, { data_version, ...columns });
}

test("history: days, differences in place, filters in the address, older pages", async () => {
    for (let i = 0; i < 51; i++) {
        await change(RULE, { priority: 90 + (i % 2) });
    }
    await change(RULE, { comment: "by admin", priority: 90 });
    const page = await open("relman@example.org");
    await visit(page, `/history?object=rules:${RULE}`);
    await page.getByRole("heading", { name: /^Today, / }).waitFor();
    await page.getByText("Comment nothing → by admin").waitFor();
    await page.getByRole("button", { name: "Diff: Changed rule 22" }).first().click();
    await page.getByLabel("Changed columns").getByText("by admin").waitFor();
    assert.equal(await page.getByText("New rule 22").count(), 0, "the first page is one of newest entries");
    await page.getByRole("button", { name: "Show older ones" }).click();
    await page.getByText("New rule 22").waitFor();
    await page.getByRole("heading", { name: "2024-09-03" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Show older ones" }).count(), 0);
    await page.getByRole("link", { name: "demo@example.org" }).click();
    await page.getByText("New rule 40").waitFor();
    assert.match(page.url(), /history\?by=demo%40example\.org/);
    await page.getByLabel("Product").fill("FirefoxVPN");
    await page.keyboard.press("Enter");
    await page.getByText("New rule 22").waitFor({ state: "detached" });
    assert.match(page.url(), /product=FirefoxVPN/);
    await page.getByText("New rule 40").waitFor();
    assert.equal(await page.locator("li.event").count(), 1);
});

test("what is different between two moments, also from the rules as they were", async () => {
    const page = await open("relman@example.org", { theme: "dark" });
    await visit(page, "/rules?timestamp=1725350400001&product=Widevine");
    await page.getByText("Since then 1 rule has changed.").waitFor();
    await page.getByRole("button", { name: "22", exact: true }).click();
    await page.getByLabel("Since then").getByText("by admin").waitFor();
    assert.equal(await page.getByRole("button", { name: "Delete…" }).count(), 0);
    assert.equal(await page.getByRole("link", { name: "Edit" }).count(), 0);
    await page.getByRole("link", { name: "What is different" }).click();
    await page.getByText("1 rule is different.").waitFor();
    await page.getByLabel("Changed columns").first().getByText("by admin").waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await picture(page, "history-between-dark-1280");
});

test("a rule's page: any two versions compared; restored at once where nobody signs", async () => {
    await change(21, { backgroundRate: 80 });
    await change(21, { backgroundRate: 60, comment: "slower" });
    const page = await open("admin@example.org");
    await visit(page, "/rules/21");
    await page.getByRole("button", { name: "Diff: what version 3 changed" }).click();
    await page.getByLabel("Changed columns").getByText("80").waitFor();
    await page.getByLabel("old: version 1").check();
    await page.getByRole("heading", { name: "Version 1 → version 3" }).waitFor();
    assert.match(page.url(), /left=\d+/);
    assert.deepEqual(await faultsOf(page), []);
    await page.getByRole("button", { name: "Restore version 1" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Nobody has to sign: it is made at once.").waitFor();
    await dialog.getByRole("button", { name: "Restore now" }).click();
    await page.getByText("Restored: rule 21 as it was in version 1").waitFor();
    await page.getByText("Version 4", { exact: true }).waitFor();
    const { backgroundRate, comment } = await rule(21);
    assert.deepEqual([backgroundRate, comment], [100, null]);
});

test("under sign-offs a restore is scheduled; the change that was made leads to its history", async () => {
    const signed = async body => {
        const { sc_id } = await api("releng@example.org", "POST", "/scheduled_changes/rules", body);
        await api("relman@example.org", "POST", `/scheduled_changes/rules/${sc_id}/signoffs`, { role: "relman" });
        return sc_id;
    };
    const before = await rule(3);
    const when = Date.now() + 1000;
    const made = await signed({ ...before, change_type: "update", comment: "other", when });
    await eventually("the agent makes it", async () => (await rule(3)).comment === "other", 60_000);
    const page = await open("releng@example.org", { width: 360, height: 740 });
    await visit(page, `/changes/rules/${made}`);
    await page.getByText("This change is not pending any more").waitFor();
    await page.getByText("Changed rule 3").waitFor();
    await page.getByText("Signed off as relman").waitFor();
    await page.getByRole("link", { name: "Rule 3", exact: true }).click();
    await page.getByRole("button", { name: `Restore version ${before.data_version}` }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("1 × releng, 1 × relman").waitFor();
    await dialog.getByRole("button", { name: "Schedule" }).click();
    const pending = page.getByLabel("Pending", { exact: true });
    await pending.getByText("1 of 2, waits for relman").waitFor();
    assert.equal(await pending.getByText("New profile format").count(), 1);
    assert.deepEqual(await faultsOf(page), []);
    const relman = await open("relman@example.org");
    await visit(relman, "/rules/firefox-watershed-72");
    await relman.getByRole("button", { name: "Sign off as relman" }).click();
    await eventually("it is as before", async () => (await rule(3)).comment === before.comment, 60_000);
});

test("a what's-new page is marked, and a change of mapping can be compared", async () => {
    const page = await open("relman@example.org");
    await visit(page, "/rules/firefox-release");
    await page.getByText("what's-new page").waitFor();
    await visit(page, "/rules/nothing");
    await page.getByText("There is no such rule now.").waitFor();
});

test("two channels: rules for the same clients stand side by side", async () => {
    const page = await open("relman@example.org");
    await visit(page, "/channels");
    await page.getByLabel("Left").selectOption({ label: "Firefox release-localtest" });
    await page.getByLabel("Right").selectOption({ label: "Firefox release" });
    await page.getByText("3 of 3 rules are different.").waitFor();
    assert.match(page.url(), /left=Firefox%3Arelease-localtest&right=Firefox%3Arelease/);
    const pair = page.locator("li.pair", { hasText: "firefox-release-localtest" });
    await pair.getByRole("link", { name: "firefox-release", exact: true }).waitFor();
    await pair.getByText("Rate (%)").waitFor();
    assert.equal(await page.getByText("no such rule").count(), 2);
    assert.deepEqual(await faultsOf(page), []);
    await picture(page, "channels-light-1280");
});

test("the overview agrees with the server, and shows how a channel does", async () => {
    const page = await open("relman@example.org");
    const step = (at, old, now) => ({ at, queries: old + now, versions: { "129.0": old, "130.0": now, "9.0": 0 } });
    await page.route("**/uptake?*product=Firefox&channel=release&*", route =>
        route.fulfill({
            json: {
                ...{ product: "Firefox", channel: "release", hours: 24, step_s: 1800, watched: null },
                hosts: { asked: 1, answered: 1 },
                series: [step(1, 900, 0), step(2, 600, 300), step(3, 300, 600), step(4, 0, 0)],
            },
        }),
    );
    await page.route("**/uptake?*channel=beta*", route => route.fulfill({ status: 400, json: { detail: "none" } }));
    await visit(page, "/");
    const tile = page.locator("li.tile", { hasText: "Firefox release" }).filter({ hasNotText: "localtest" });
    const { rules } = await api("admin@example.org", "GET", "/rules?product=Firefox");
    await tile.getByText(`${rules.filter(r => r.channel === "release").length} rules`).waitFor();
    await page.locator("li.tile", { hasText: "Thunderbird beta" }).getByText("stopped").waitFor();
    await tile.getByText("66.7 % have 130.0").waitFor();
    await tile.getByText("30 queries a minute").waitFor();
    const { mine } = await api("relman@example.org", "GET", "/pending?mine=1");
    assert.equal(mine, 0);
    await page.getByText("No change waits for your sign-off.").waitFor();
    await page.getByRole("heading", { name: "Recently" }).waitFor();
    assert.deepEqual(await faultsOf(page), []);
});

test("what was changed is put back", async () => {
    await change(RULE, { comment: null, priority: 90 });
    const { comment, priority } = await rule(RULE);
    assert.deepEqual([comment, priority], [null, 90]);
});
