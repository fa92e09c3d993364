// People, roles, required sign-offs, pins, uptake, status: what the demo's Balrog does, and an uptake that rises on command.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { checkPages, eventually, open, picture, seesNews, useBrowser, visit } from "./harness.mjs";
import { api } from "./window.mjs";

const { BALROG_BOX } = process.env;
const SANDBOX = new URL("../../../scripts/sandbox", import.meta.url).pathname;
const ADMIN = "admin@example.org";
const RELENG = "releng@example.org";
const RELMAN = "relman@example.org";
const NEW = "new@example.org";
const QUARTER_MS = 900_000;

// The share of Firefox beta's clients that have 131.0, as balrog-uptake would say.
let percent = 61;

function series() {
    const last = Math.floor(Date.now() / QUARTER_MS) * QUARTER_MS;
    return Array.from({ length: 96 }, (_, i) => {
        const queries = 9000 + Math.round(3000 * Math.sin(i / 12));
        const newest = Math.round((queries * i) / 150);
        const versions = {
            "131.0": newest,
            "130.0": Math.round((queries - newest) * 0.6),
            "129.0.2": 600,
            "128.0": 300,
        };
        return { at: last - (95 - i) * QUARTER_MS, queries, versions: { ...versions, "115.15.0": 150 } };
    });
}

const source = createServer((request, response) => {
    const watched = { version: "131.0", queries: percent * 10, percent };
    const known = /\/series\?/.test(request.url) || request.url === "/Firefox/beta";
    response.writeHead(known ? 200 : 404, { "Content-Type": "application/json" });
    response.end(known ? JSON.stringify({ watched, window: { queries: 1000 }, series: series() }) : "{}");
});

// Restarts what reads these settings; an empty one is unset.
function configure(settings) {
    const sets = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    const { status, stderr } = spawnSync(SANDBOX, ["up", BALROG_BOX, ...sets], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
}

before(async () => {
    await new Promise(resolve => source.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${source.address().port}`;
    configure({
        "admin.uptake_url": url,
        "agent.uptake_url": `${url}/{product}/{channel}`,
        "agent.uptake_pointer": "/watched/percent",
    });
});
after(() => {
    configure({ "admin.uptake_url": "", "agent.uptake_url": "", "agent.uptake_pointer": "" });
    source.close();
});
useBrowser();

const sign = (user, kind, id, role) => api(user, "POST", `/scheduled_changes/${kind}/${id}/signoffs`, { role });
const scheduled = async kind => (await api(ADMIN, "GET", `/scheduled_changes/${kind}`)).scheduled_changes;
const gone = kind => eventually(`the agent makes ${kind}`, async () => !(await scheduled(kind)).length, 20_000);

test("policy: the first role at once, the second scheduled; who may not see users signs all the same", async () => {
    const page = await open(ADMIN);
    await visit(page, "/policy?product=GMP");
    await page.getByText("Nobody has to sign changes of GMP.").waitFor();
    await page.getByRole("button", { name: "Require sign-offs…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("permissions").check();
    await dialog.getByLabel("Role", { exact: true }).fill("relman");
    await dialog.getByRole("button", { name: "Add a role" }).click();
    await dialog.getByLabel("Role", { exact: true }).nth(1).fill("releng");
    await dialog.getByText("The first role is set at once.").waitFor();
    await dialog.getByText("Nobody has to sign.").waitFor();
    await dialog.getByRole("button", { name: "Set", exact: true }).click();
    const card = page.getByLabel("Sign-offs: permissions for GMP");
    await card.getByText("nobody → 1 member of releng").waitFor();
    await card.getByText("0 of 1, waits for relman").waitFor();
    await picture(page, "policy-pending");

    const relman = await open(RELMAN);
    await visit(relman, "/policy?product=GMP");
    await relman.getByRole("button", { name: "Sign off as relman" }).click();
    await gone("required_signoffs/permissions");
    await seesNews(page, card.getByText("nobody → 1 member of releng"), "detached");
    await card.getByText("1 member of releng").waitFor();
    await card.getByRole("button", { name: "Change…" }).click();
    await dialog.getByLabel("Members").first().fill("7");
    await dialog.getByText(/only 1 users hold the \w+ role/).waitFor();
});

test("grant with restrictions, pending-only user, restrict, set back, end, cancel the end", async () => {
    const page = await open(ADMIN);
    await visit(page, "/people");
    await page.getByRole("button", { name: "Add somebody…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill(NEW);
    await page.keyboard.press("Enter");
    await page.getByText("None: they may change nothing.").waitFor();
    await page.getByRole("button", { name: "Grant…" }).click();
    await dialog.getByLabel("Permission").selectOption("emergency_shutoff");
    assert.equal(await dialog.getByLabel("delete").isChecked(), true);
    await dialog.getByLabel("Permission").selectOption("rule");
    await dialog.getByLabel("create").uncheck();
    await dialog.getByLabel("delete").uncheck();
    await dialog.getByLabel("Only for these products").fill("GMP");
    await dialog.getByText("May change rules for GMP").waitFor();
    await dialog
        .getByText("Needs 1 × releng, 1 × relman.")
        .or(dialog.getByText("Needs 1 × relman, 1 × releng."))
        .waitFor();
    await dialog.getByRole("button", { name: "Schedule" }).click();
    await page.getByText("Not granted yet").waitFor();

    const relman = await open(RELMAN);
    await visit(relman, "/people");
    await relman.getByText("What others may do is shown to those who have").waitFor();
    await relman.getByText("May change rules for GMP").waitFor();
    await relman.getByRole("button", { name: "Sign off as relman" }).click();
    await relman.getByText("1 of 2, waits for releng").waitFor();
    const [{ sc_id }] = await scheduled("permissions");
    await sign(RELENG, "permissions", sc_id, "releng");
    await gone("permissions");
    await seesNews(page, page.getByText("Not granted yet"), "detached");

    await page.getByRole("button", { name: "Restrict…" }).click();
    await dialog.getByLabel("create").check();
    await dialog.getByRole("button", { name: "Schedule" }).click();
    await page.locator(".pending .old").getByText("May change rules for GMP").waitFor();
    await page.locator(".pending .new").getByText("May create and change rules for GMP").waitFor();
    await page.getByRole("button", { name: "Edit what is pending…" }).click();
    await dialog.getByLabel("create").uncheck();
    await dialog.getByText("This is what holds now").waitFor();
    await dialog.getByRole("button", { name: "Drop the pending change" }).click();
    await page.locator(".pending").waitFor({ state: "detached" });

    await page.getByRole("button", { name: "End…" }).click();
    await dialog.getByText(/“rule” ends once these have signed/).waitFor();
    await dialog.getByRole("button", { name: "End", exact: true }).click();
    await dialog.getByText("done").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByText("The permission “rule” ends.").waitFor();
    await page.getByRole("button", { name: "Cancel the end" }).click();
    await dialog.getByRole("button", { name: "Cancel the end" }).click();
    await page.locator(".pending").waitFor({ state: "detached" });
    await page.getByText("May change rules for GMP").waitFor();
});

test("roles: granted at once, counted once somebody confirms; the page reads its parameter", async () => {
    const page = await open(ADMIN);
    await visit(page, `/people/${NEW}`);
    await page.getByLabel("Role to grant").fill("relman");
    await page.getByRole("button", { name: "Grant the role" }).click();
    await page.getByText("does not count yet").waitFor();
    const confirm = page.getByRole("button", { name: "Confirm" });
    assert.match(await confirm.getAttribute("title"), /somebody else has to confirm it/);
    await page.getByRole("button", { name: "Revoke…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("None: they cannot sign off.").waitFor();
    await visit(page, "/roles?role=relman");
    await page.getByRole("heading", { name: "relman" }).waitFor();
    assert.equal(await page.getByRole("heading", { name: "releng" }).count(), 0);
    await page.getByText("Needed for").waitFor();
});

test("deleting somebody reports each request: one fails, the other is done", async () => {
    const path = `/users/${NEW}/permissions/permission`;
    await api(ADMIN, "PUT", "/users/" + NEW + "/permissions/release_locale", { options: '{"products": ["Firefox"]}' });
    const page = await open(ADMIN);
    await visit(page, `/people/${NEW}`);
    await page.getByText("May submit locales of releases for Firefox").waitFor();
    await page.getByRole("button", { name: "Delete this person…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("“release_locale” ends at once.").waitFor();
    await api(ADMIN, "POST", path.replace(/permission$/, "release_locale"), {
        ...{ options: '{"products": ["Thunderbird"]}', data_version: 1 },
    });
    await dialog.getByRole("button", { name: "End", exact: true }).click();
    await dialog
        .locator("li", { hasText: "End “release_locale”" })
        .getByText(/data_version doesn't match|OutdatedData/i)
        .waitFor();
    await dialog.locator("li", { hasText: "End “rule”" }).getByText("done").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByText("The permission “rule” ends.").waitFor();
    await api(ADMIN, "DELETE", `/users/${NEW}/permissions/release_locale?data_version=2`);
    const [{ sc_id }] = await scheduled("permissions");
    await sign(RELMAN, "permissions", sc_id, "relman");
    await sign(RELENG, "permissions", sc_id, "releng");
    await gone("permissions");
    await seesNews(page, page.getByText("None: they may change nothing."));
});

test("policy: delete all, after a question", async () => {
    const page = await open(ADMIN);
    await visit(page, "/policy");
    const card = page.getByLabel("Sign-offs: permissions for GMP");
    await card.getByRole("button", { name: "Delete all…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Each deletion waits for the sign-offs").waitFor();
    await dialog.getByRole("button", { name: "Delete all" }).click();
    await dialog.getByRole("button", { name: "Close" }).click();
    await card.getByText("1 member of relman → nobody").waitFor();
    for (const { sc_id } of await scheduled("required_signoffs/permissions")) {
        await sign(RELMAN, "required_signoffs/permissions", sc_id, "relman");
        await sign(RELENG, "required_signoffs/permissions", sc_id, "releng");
    }
    await gone("required_signoffs/permissions");
    await seesNews(page, card, "detached");
});

test("pins: set, refused where the release does not fit, removed", async () => {
    const page = await open(ADMIN);
    await visit(page, "/pins?product=Firefox&channel=beta");
    await page.getByRole("button", { name: "Set a pin…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Pin").fill("129.");
    await dialog.getByLabel("Release").fill("Firefox-130.0-build3");
    await dialog.getByText("whose version 130.0 is outside of it").waitFor();
    await dialog.getByLabel("Pin").fill("130.");
    await dialog.getByText("Nobody has to sign.").waitFor();
    await dialog.getByRole("button", { name: "Set", exact: true }).click();
    const row = page.getByRole("row", { name: /Firefox beta.*130\..*Firefox-130\.0-build3/ });
    await row.getByText(ADMIN).waitFor();
    await row.getByRole("button", { name: "Remove the pin Firefox beta 130." }).click();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await row.waitFor({ state: "detached" });
});

const rule = () => api(ADMIN, "GET", "/rules/10");

// A change of the rule by releng that waits until the uptake of Firefox beta is that.
const scheduleAt = async (uptake, comment) =>
    api(RELENG, "POST", "/scheduled_changes/rules", {
        ...(await rule()),
        ...{ change_type: "update", comment, when: 0 },
        ...{ telemetry_product: "Firefox", telemetry_channel: "beta", telemetry_uptake: uptake },
    });

test("a change waits for an uptake, shows how far it is, and is made when the source says so", async () => {
    await scheduleAt(80, "after the uptake");
    const page = await open(RELENG);
    await visit(page, "/uptake?product=Firefox&channel=beta");
    await page.getByText("131.0 or newer").waitFor();
    await seesNews(page, page.getByRole("progressbar", { name: "61 of 80 %" }));
    await page.getByText("As a table").click();
    await page.getByRole("columnheader", { name: "129.0.2" }).waitFor();
    await picture(page, "uptake-waits");
    percent = 81;
    await seesNews(page, page.getByText("No change waits for an uptake."));
    assert.equal((await rule()).comment, "after the uptake");
});

test("status: the programs, and why a change fails", async () => {
    const page = await open(RELMAN);
    await visit(page, "/status");
    const status = await api(ADMIN, "GET", "/status");
    await page.getByRole("row", { name: new RegExp(`balrog-public ${status.version}`) }).waitFor();
    await page.getByText(`change ${status.feed.newest_id}, the newest`).waitFor();
    assert.equal(await page.getByText("✗ broken").count(), 0);

    // Who scheduled it loses the permission before its time.
    const path = `/users/${RELENG}/permissions/rule`;
    const held = await api(ADMIN, "GET", path);
    const { sc_id } = await scheduleAt(90, "never made");
    const only = { options: '{"products": ["GMP"]}', data_version: held.data_version };
    const { new_data_version: version } = await api(ADMIN, "POST", path, only);
    percent = 95;
    await seesNews(page, page.getByText("The agent cannot make 1 change."));
    await page.getByText(/is not allowed to modify rules/).waitFor();
    await picture(page, "status-failing");
    await page.getByRole("link", { name: `Rule ${sc_id}` }).click();
    await page.getByText(/The agent could not make it: .*is not allowed/).waitFor();
    await api(ADMIN, "POST", path, { options: JSON.stringify(held.options), data_version: version });
    const [{ sc_data_version: last }] = await scheduled("rules");
    await api(ADMIN, "DELETE", `/scheduled_changes/rules/${sc_id}?data_version=${last}`);
});

test("me: what I may do, and how I am logged in", async () => {
    const page = await open(RELENG);
    await visit(page, "/rules");
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("link", { name: "Me", exact: true }).click();
    await page.getByText("May create, change and delete rules for Firefox and Thunderbird").waitFor();
    await page.getByText("by name and password").waitFor();
    await page.getByText("this tab is closed").waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("t");
    await page.getByRole("heading", { name: "Status" }).waitFor();
});

const PAGES = [
    ["people", "/people"],
    ["person", `/people/${RELENG}`],
    ["roles", "/roles"],
    ["policy", "/policy"],
    ["pins", "/pins"],
    ["uptake", "/uptake?product=Firefox&channel=beta"],
    ["status", "/status"],
    ["me", "/me"],
];

test("these pages, in both themes and widths", () => checkPages(ADMIN, PAGES));
