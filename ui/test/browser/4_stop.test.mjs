// The emergency stop: three keys, less than five seconds, seen by everybody; and turning updates on again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, faultsOf, open, picture, seesNews, useBrowser, visit } from "./harness.mjs";
import { api, PUBLIC } from "./window.mjs";

useBrowser();

const BETA = "/update/3/Firefox/130.0/20240704121409/WINNT_x86_64-msvc/de/beta/os/default/default/update.xml?force=1";
const getsUpdate = async () => (await (await fetch(PUBLIC + BETA)).text()).includes("<patch");
const STEP_MS = 350;
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));

test("three keys stop a channel in less than five seconds, and everybody sees it", async () => {
    assert.ok(await getsUpdate());
    const other = await open("releng@example.org");
    await visit(other, "/rules");
    const page = await open("relman@example.org");
    await visit(page, "/rules?product=Firefox&channel=beta");
    await page.locator("tbody.rule").first().waitFor();
    const seen = other.getByText("Stopped: Firefox beta").waitFor({ timeout: 60_000 });
    const from = Date.now();
    await page.keyboard.press("!");
    await page.getByRole("option", { name: "Firefox beta" }).first().waitFor();
    await wait(STEP_MS); // a person has to read; earlier keys do not count
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Stop updates", exact: true }).waitFor();
    await wait(STEP_MS);
    await page.keyboard.press("Enter");
    await eventually("clients get nothing", async () => !(await getsUpdate()));
    const took = Date.now() - from;
    assert.ok(took < 5000, `it took ${took} ms`);
    await seen;
    const until = Date.now() - from - took;
    assert.ok(until < 10_000, `others saw it after ${until} ms`);
    await page.getByText("every server knows").waitFor();
    await page.getByText("Goes on:").waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await picture(page, "stopped");
    await page.getByLabel("Reason, for everybody").fill("crash on start");
    await page.keyboard.press("Enter");
    await other.getByText("crash on start").waitFor({ timeout: 10_000 });
});

test("keys that come too early, or are held down, stop nothing", async () => {
    const page = await open("relman@example.org");
    await visit(page, "/rules?product=Firefox&channel=nightly");
    await page.locator("tbody.rule").first().waitFor();
    await page.keyboard.press("!");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Stop updates" }).waitFor();
    await wait(STEP_MS);
    for (let i = 0; i < 20; i++) {
        await page.keyboard.down("Enter"); // from the second on, they are repetitions
        await wait(50);
    }
    await page.keyboard.up("Enter");
    await page.getByRole("dialog", { name: "Stop Firefox nightly?" }).waitFor();
    const { shutoffs } = await api("admin@example.org", "GET", "/emergency_shutoff");
    assert.ok(!shutoffs.some(stop => stop.channel === "nightly"));
});

test("who may not stop sees why; keys in a form stop nothing", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules");
    await page.keyboard.press("!");
    assert.equal(await page.getByRole("dialog").count(), 0);
    assert.match(await page.getByRole("button", { name: "Stop…" }).getAttribute("title"), /emergency_shutoff/);
});

test("turning on again: at once where nobody signs; scheduled and kept off elsewhere", async () => {
    const page = await open("admin@example.org");
    await visit(page, "/stop");
    const beta = page.locator("section.stopped", { hasText: "Firefox beta" });
    await beta.getByRole("button", { name: "Turn on again…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Nobody has to sign").waitFor();
    await dialog.getByRole("button", { name: "Turn on", exact: true }).click();
    await beta.waitFor({ state: "detached" });
    await eventually("updates again", getsUpdate);

    await api("admin@example.org", "POST", "/emergency_shutoff", { product: "Firefox", channel: "release" });
    await visit(page, "/stop");
    const release = page.locator("section.stopped", { hasText: "Firefox release" });
    await release.getByRole("button", { name: "Turn on again…" }).click();
    await dialog.getByText("1 × releng, 1 × relman").waitFor();
    await dialog.getByRole("button", { name: "Schedule" }).click();
    await seesNews(page, release.getByText("Turning it on is scheduled"));
    const relman = await open("relman@example.org");
    await visit(relman, "/stop");
    await relman.getByRole("button", { name: "Sign off as relman" }).click();
    await relman.getByText("relman 1 of 1").waitFor();
    await release.getByRole("button", { name: "Keep it off" }).click();
    await release.getByRole("button", { name: "Turn on again…" }).waitFor();
    await api("admin@example.org", "POST", "/scheduled_changes/emergency_shutoff", {
        ...{ change_type: "delete", product: "Firefox", channel: "release", data_version: 1, when: Date.now() + 1000 },
    });
    const { scheduled_changes: changes } = await api(
        "admin@example.org",
        "GET",
        "/scheduled_changes/emergency_shutoff",
    );
    const { sc_id } = changes.find(change => change.channel === "release");
    for (const role of ["releng", "relman"]) {
        await api(`${role}@example.org`, "POST", `/scheduled_changes/emergency_shutoff/${sc_id}/signoffs`, { role });
    }
    await seesNews(page, release, "detached");
});

test("only some platforms: those that match get nothing, and it is turned on again as a whole stop is", async () => {
    const linux = BETA.replace("WINNT_x86_64-msvc", "Linux_x86_64-gcc3");
    const served = async path => (await (await fetch(PUBLIC + path)).text()).includes("<patch");
    assert.ok((await served(BETA)) && (await served(linux)));
    const other = await open("releng@example.org");
    await visit(other, "/");
    const page = await open("relman@example.org");
    await visit(page, "/rules?product=Firefox&channel=beta");
    await page.locator("tbody.rule").first().waitFor();
    await page.keyboard.press("!");
    await page.getByRole("option", { name: "Firefox beta" }).first().waitFor();
    await wait(STEP_MS);
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Only some platforms…" }).click();
    await page.keyboard.press("Enter"); // in an empty field
    await dialog.getByText("Only clients that match all of these").waitFor();
    assert.match(await dialog.getByRole("button", { name: "Stop these" }).getAttribute("title"), /Say which clients/);
    await dialog.getByLabel("Build target").fill("WINNT_x86_64-msvc");
    await dialog.getByLabel("Version", { exact: true }).fill("<<1");
    await wait(STEP_MS);
    await page.keyboard.press("Enter");
    await dialog.getByText("version").last().waitFor(); // what the server says of it
    assert.ok(await served(BETA));
    await dialog.getByLabel("Version", { exact: true }).fill("<131.0");
    assert.deepEqual(await faultsOf(page), []);
    await picture(page, "stop-part");
    await page.keyboard.press("Enter");
    await eventually("those clients get nothing", async () => !(await served(BETA)));
    assert.ok(await served(linux));
    await page.getByText("every server knows").waitFor();
    await page.getByText("Goes on: other clients of beta").waitFor();
    await page.getByLabel("Reason, for everybody").fill("crash on Windows");
    await page.keyboard.press("Enter");
    const name = "Firefox beta, only build target WINNT_x86_64-msvc, version <131.0";
    await other.getByText(`Stopped: ${name}`).waitFor({ timeout: 10_000 });
    await other.getByText("crash on Windows").first().waitFor({ timeout: 10_000 });

    await visit(page, "/stop");
    const beta = page.locator("section.stopped", { hasText: name });
    await beta.getByRole("button", { name: "Turn on again…" }).click();
    await dialog.getByText("Nobody has to sign").waitFor();
    await dialog.getByRole("button", { name: "Turn on", exact: true }).click();
    await beta.waitFor({ state: "detached" });
    await eventually("updates again", () => served(BETA));
});

test("the end of a stop for a part waits for its sign-offs, and the agent makes it", async () => {
    const made = await api("admin@example.org", "POST", "/emergency_shutoff", {
        ...{ product: "Firefox", channel: "release", version: "<2.0", locale: "de,fr" },
    });
    const page = await open("admin@example.org");
    await visit(page, "/stop");
    const release = page.locator("section.stopped", { hasText: "Firefox release, only version <2.0, locale de,fr" });
    await release.getByRole("button", { name: "Turn on again…" }).click();
    await page.getByRole("dialog").getByText("1 × releng, 1 × relman").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Schedule" }).click();
    await release.getByText("Turning it on is scheduled").waitFor();
    const relman = await open("relman@example.org");
    await visit(relman, "/stop");
    await relman.getByRole("button", { name: "Sign off as relman" }).click();
    await relman.getByText("relman 1 of 1").waitFor();
    await release.getByRole("link", { name: "Turning it on is scheduled" }).click();
    await page.getByRole("heading", { name: `Turn on again: partial stop ${made.stop_id}` }).waitFor();
    await page.getByText(`Clients of partial stop ${made.stop_id} get updates again.`).waitFor();
    const path = "/scheduled_changes/partial_stops";
    const { scheduled_changes: changes } = await api("admin@example.org", "GET", path);
    await api("releng@example.org", "POST", `${path}/${changes[0].sc_id}/signoffs`, { role: "releng" });
    await eventually("the agent lifts it", async () => {
        const { partial_stops: left } = await api("admin@example.org", "GET", "/partial_stops");
        return !left.some(stop => stop.stop_id === made.stop_id);
    });
    await visit(page, "/history?object=partial_stops");
    await page.getByText(`partial stop ${made.stop_id}`).first().waitFor();
});
