// Releases: finding one among 20,000, what is in it, what changes, and the editor.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { checkPages, eventually, open, picture, useBrowser, visit } from "./harness.mjs";
import { ADMIN, api } from "./window.mjs";

useBrowser();

const MANY = 20_000;
// Two seconds on an idle machine; others may have the processor meanwhile.
const COMPARED_MS = 10_000;
const HASH = "ab".repeat(64);
const RELENG = "releng@example.org";
const RELMAN = "relman@example.org";

function sql(text) {
    execFileSync("mariadb", ["--no-defaults", `--socket=${process.env.DB_SOCKET}`, process.env.DB_NAME], {
        input: text,
    });
}

const locale = buildID => ({
    buildID,
    completes: [{ filesize: 100, from: "*", hashValue: HASH, fileUrl: "https://archive.mozilla.org/a.mar" }],
});

const base = (name, version, locales) => ({
    name,
    schema_version: 9,
    hashFunction: "sha512",
    appVersion: version,
    displayVersion: version,
    platforms: { "Linux_x86_64-gcc3": { OS_FTP: "l", OS_BOUNCER: "l", locales } },
});

// Pastes into the text field, as people do. Playwright's fill() types, which takes Chromium 4 s of work for 1,000 lines.
async function type(page, text) {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.evaluate(copied => navigator.clipboard.writeText(copied), text);
    await page.locator(".code textarea").focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+v");
}

// Rule 2 gives everybody on this channel Firefox-130.0-build3.
const QUERY =
    "/update/3/Firefox/128.0/20240704121409/WINNT_x86_64-msvc/de/release-localtest/os/default/default/update.xml";

const textOf = page => page.locator(".code textarea").inputValue();

// A row of the list of releases.
const row = (page, name) =>
    page.locator("table.releases tbody tr", { has: page.getByRole("link", { name, exact: true }) });

test("20,000 releases: the list is fast and small, words find, and none of them is special", async () => {
    sql(`INSERT INTO releases (name, product, read_only, data, data_version)
        SELECT CONCAT('Many-', LPAD(seq, 5, '0'), '-build', seq % 7), 'Many', 0, '{"name": "x", "schema_version": 1}', 1
        FROM seq_1_to_${MANY}
        ON DUPLICATE KEY UPDATE read_only = 0`);
    const page = await open(RELENG);
    let bytes = 0;
    let largest = 0;
    page.on("response", async response => {
        const size = (await response.body().catch(() => Buffer.alloc(0))).length;
        bytes += size;
        largest = Math.max(largest, size);
    });
    await visit(page, "/releases");
    await page.getByRole("status").getByText("20 k releases").waitFor();
    assert.equal(await page.locator("table.releases tbody tr").count(), 50);
    assert.ok(bytes < 1_000_000 && largest < 200_000, `${bytes} bytes, the largest answer ${largest}`);

    const started = Date.now();
    await page.getByPlaceholder("Words in the name").fill("BUILD6 many-0001");
    await page.getByRole("link", { name: "Many-00013-build6" }).waitFor();
    const took = Date.now() - started;
    console.log(`# found among ${MANY} in ${took} ms`);
    await eventually("one address", async () => /q=BUILD6\+many-0001/.test(page.url()));
    assert.equal(await row(page, "Many-00013-build6").locator("mark", { hasText: "build6" }).count(), 1);
    await page.getByPlaceholder("Words in the name").fill("(");
    await page.getByText("No release fits this filter.").waitFor();
    await page.getByRole("link", { name: "Show all releases" }).click();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("51 to 100 of 20 k").waitFor();
    assert.match(page.url(), /after=50/);
    await page.getByLabel("Product").selectOption("Firefox");
    await row(page, "Firefox-130.0-build3").getByRole("link", { name: "firefox-release", exact: true }).waitFor();
    assert.doesNotMatch(page.url(), /after/, "another filter begins on its first page");
    await page.reload();
    await row(page, "Firefox-130.0-build3").waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.goBack();
    await row(page, "Firefox-130.0-build3").waitFor();
});

test("Ctrl K finds releases; keys move and open", async () => {
    const page = await open(RELENG);
    await visit(page, "/");
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("many-19999");
    await page.getByRole("option", { name: /Many-19999-build0/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Many-19999-build0" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("l");
    await page.getByRole("heading", { name: "Releases" }).waitFor();
    await page.locator("table.releases tbody tr").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Contents" }).waitFor();
});

test("who deletes a release that is used sees by what; one that is not used goes", async () => {
    const page = await open("admin@example.org");
    await visit(page, "/releases?q=Firefox-130.0-build3");
    await page.getByRole("button", { name: "Delete Firefox-130.0-build3" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("It cannot be deleted now.").waitFor();
    await dialog.getByText(/mapped to: rule/).waitFor();
    assert.match(
        await dialog.getByRole("link", { name: "firefox-release", exact: true }).getAttribute("href"),
        /ruleId=1$/,
    );
    const remove = dialog.getByRole("button", { name: "Delete", exact: true });
    assert.equal(await remove.getAttribute("aria-disabled"), "true");
    await dialog.getByRole("button", { name: "Cancel" }).click();

    await visit(page, "/releases?q=Many-00001");
    await page.getByRole("button", { name: "Delete Many-00001-build1" }).click();
    await dialog.getByText("No rule and no pin leads to it.").waitFor();
    await remove.click();
    await page.getByText("Deleted: Many-00001-build1").waitFor();
    await page.getByText("No release fits this filter.").waitFor();
});

test("an unknown name opens the form of a new release; wrong JSON is said with line and column", async () => {
    const page = await open(RELENG);
    await visit(page, "/releases/Thunderbird-140.0-build1");
    await page.getByText("There is no release of this name.").waitFor();
    assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Thunderbird-140.0-build1");
    assert.equal(await page.getByLabel("Product", { exact: true }).inputValue(), "Thunderbird");
    await page.locator(".code textarea").waitFor();
    const cut = '{\n  "name": "Thunderbird-140.0-build1",\n}';
    await type(page, cut);
    await page.getByText("column 1: a name in quotation marks was expected").waitFor();
    assert.equal(await page.locator(".line-numbers .wrong-line").innerText(), "3");
    assert.equal(
        await page.getByRole("button", { name: "Make it" }).getAttribute("title"),
        "The text is not valid JSON",
    );
    await page.getByRole("button", { name: "Go to line 3" }).click();
    assert.equal(await page.evaluate(() => document.activeElement.selectionStart), cut.length - 1);
    // What the server finds wrong is said with its line, too.
    const wrong = { ...base("Thunderbird-140.0-build1", "140.0", {}), hashFunction: 7 };
    await type(page, JSON.stringify(wrong, null, 2));
    await page.getByRole("button", { name: "Go to line 4" }).waitFor();
    await page.getByText("column 3: 7 is not of type 'string' at hashFunction").waitFor();
    // The field does not keep the keyboard.
    await page.locator(".code textarea").focus();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Line 4");
    await type(page, JSON.stringify(base("Thunderbird-140.0-build1", "140.0", {}), null, 2));
    // Keys that are typed into the editor are not keys of the page.
    await page.keyboard.press("Control+End");
    await page.keyboard.type(" ?!");
    await page.getByText(/nothing more was expected/).waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0);
    for (let i = 0; i < 3; i++) {
        await page.keyboard.press("Backspace");
    }
    await page.getByText("Nobody has to sign.").waitFor();
    await page.keyboard.press("Control+Enter");
    await page.getByText("Made: Thunderbird-140.0-build1").waitFor();
    await page.getByRole("region", { name: "Contents" }).getByText("displayVersion").waitFor();
});

test("v2: a locale that a build submits shows; an edit is pending with it, as one; it can be edited, signed, dropped", async () => {
    const name = "Firefox-130.0-build3";
    const { blob, data_versions: versions } = await api(RELENG, "GET", `/v2/releases/${name}`);
    const platform = Object.keys(blob.platforms).find(key => blob.platforms[key].locales);
    const part = { platforms: { [platform]: { locales: { eo: locale("20240829075237") } } } };
    const when = Date.now() + 3_600_000;
    await api(RELENG, "POST", `/v2/releases/${name}`, { blob: part, old_data_versions: {}, when });
    const page = await open(RELENG);
    await visit(page, `/releases/${name}/edit`);
    await page.getByText("A change of releng@example.org is pending.").waitFor();
    await page.locator(".code textarea").waitFor();
    const updateLine = [{ for: {}, fields: { type: "minor", detailsURL: "https://www.mozilla.org/later" } }];
    await type(page, JSON.stringify({ ...blob, displayVersion: "130.0 final", updateLine }, null, 2));
    await page.getByText("Needs 1 × releng, 1 × relman.").waitFor();
    const simulated = page.waitForRequest(request => request.url().endsWith("/simulate"));
    await page.getByText("Try other queries").click();
    await page.getByLabel("URLs of update queries").fill(QUERY);
    await page.getByRole("button", { name: "Use these" }).click();
    const [edit] = (await simulated).postDataJSON().changes;
    assert.deepEqual([edit.table, edit.name, edit.blob.displayVersion], ["v2/releases", name, "130.0 final"]);
    await page.getByText("the same, with other content").waitFor();
    await page.getByRole("button", { name: /Save the pending change/ }).click();
    await page.getByText(`Scheduled: ${name}`).waitFor();
    const pending = page.getByRole("region", { name: "Pending change" });
    await pending.getByText('"130.0 final"').waitFor();
    const after = await api(RELENG, "GET", `/v2/releases/${name}`);
    assert.equal(after.sc_blob.displayVersion, "130.0 final");
    assert.equal(after.sc_blob.platforms[platform].locales.eo, undefined, "the text is all that is scheduled");
    assert.deepEqual(after.data_versions, versions);

    const relman = await open(RELMAN, { width: 360, height: 740, theme: "dark" });
    await visit(relman, `/releases/${name}`);
    await relman.getByRole("button", { name: "Sign off as relman" }).click();
    await relman.getByText("2 of 2, all signed").waitFor();
    await picture(relman, "release-pending-dark-360");
    await visit(page, `/changes/v2%2Freleases/${name}`);
    await page.getByRole("button", { name: "Drop…" }).click();
    await page.getByRole("button", { name: "Drop it" }).click();
    await page.getByText("Dropped: Change release").waitFor();
    assert.deepEqual((await api(RELENG, "GET", `/v2/releases/${name}`)).sc_blob, {});
});

for (const [kind, name] of [
    ["v1", "Firefox-72.0.2-build1"],
    ["v2", "Firefox-129.0-build2"],
]) {
    test(`${kind}: read-only on at once, off with sign-offs`, async () => {
        const page = await open("admin@example.org");
        await visit(page, `/releases/${name}`);
        await page.getByRole("button", { name: "Make read-only…" }).click();
        await page.getByRole("dialog").getByRole("button", { name: "Make read-only", exact: true }).click();
        await page.getByText(`${name} is read-only now`).waitFor();
        await page.getByRole("button", { name: "Make writable…" }).click();
        await page
            .getByRole("dialog")
            .getByText(/1 × releng/)
            .waitFor();
        await page.getByRole("dialog").getByRole("button", { name: "Schedule it" }).click();
        await page.getByText(`Scheduled: ${name} becomes writable`).waitFor();
        await page.getByRole("region", { name: "Pending change" }).getByText("waits for").first().waitFor();
        for (const user of [RELENG, RELMAN]) {
            const signer = await open(user);
            await visit(signer, `/releases/${name}`);
            await signer.getByRole("button", { name: /Sign off as/ }).click();
            await signer.getByText("Signed off as").waitFor();
        }
        // The server schedules it for v2 half a minute ahead, as Mozilla's does.
        const { pending } = await api(RELENG, "GET", "/pending?limit=60");
        assert.ok(["time", undefined].includes(pending.find(change => change.title === name)?.state));
    });
}

test("v1: edit, pending, difference; two people: nothing is lost; restore", async () => {
    const name = "Thunderbird-desupport";
    const document = version => ({
        name,
        schema_version: 50,
        detailsUrl: "https://support.mozilla.org/a",
        displayVersion: version,
    });
    await api(RELENG, "POST", "/releases", { name, product: "Thunderbird", blob: JSON.stringify(document("1.0")) });
    const page = await open(RELENG);
    await visit(page, `/releases/${name}/edit`);
    await page.locator(".code textarea").waitFor();
    await type(page, JSON.stringify({ ...document("2.0"), detailsUrl: "https://support.mozilla.org/mine" }, null, 2));
    await page.getByText("Nobody has to sign.").waitFor();
    // A draft stays over a reload.
    await page.reload();
    await page.getByText("This is what you typed before.").waitFor();
    await eventually("the draft", async () => /mine/.test(await textOf(page)));
    await page.getByText("Nobody has to sign.").waitFor();
    await api("admin@example.org", "PUT", `/releases/${name}`, {
        ...{ name, product: "Thunderbird", data_version: 1 },
        blob: JSON.stringify(document("3.0")),
    });
    await page.getByRole("button", { name: "Apply now" }).click();
    const clash = page.getByLabel("Changed by somebody else");
    await clash.getByText("/displayVersion").waitFor();
    await clash.getByRole("button", { name: '"2.0"' }).click();
    await page.getByText("Nobody has to sign.").waitFor();
    await page.getByRole("button", { name: "Apply now" }).click();
    await page.getByText(`Done: ${name}`).waitFor();
    const now = await api(RELENG, "GET", `/releases/${name}`);
    assert.deepEqual([now.displayVersion, now.detailsUrl], ["2.0", "https://support.mozilla.org/mine"]);

    const history = page.getByRole("region", { name: "History" });
    await history
        .getByRole("row", { name: /version 1/ })
        .getByRole("button", { name: "View" })
        .click();
    await page.getByText(/As it was after change/).waitFor();
    await page.getByRole("region", { name: "Contents" }).getByText('"1.0"').waitFor();
    await history
        .getByRole("row", { name: /version 1/ })
        .getByRole("button", { name: "Restore…" })
        .click();
    await page.getByText("Nobody has to sign: this happens at once.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Restore", exact: true }).click();
    await page.getByText(`Restored: ${name}`).waitFor();
    assert.equal((await api(RELENG, "GET", `/releases/${name}`)).displayVersion, "1.0");
    await history.getByRole("row", { name: /version 4/ }).waitFor();
    await history.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("region", { name: "Every change" }).getByText('"2.0"').waitFor();
    await page.getByRole("region", { name: "As text" }).getByRole("button", { name: "Show" }).click();
    await page.getByLabel("Unified difference").getByText('+    "displayVersion": "1.0"').waitFor();
});

test("v2: one part is restored", async () => {
    const name = "Thunderbird-140.0-build1";
    await api(RELENG, "POST", `/v2/releases/${name}`, {
        old_data_versions: { ".": 1 },
        blob: { displayVersion: "140 beta" },
    });
    const page = await open(RELENG);
    await visit(page, `/releases/${name}`);
    const history = page.getByRole("region", { name: "History" });
    await history
        .getByRole("row", { name: /version 1/ })
        .getByRole("button", { name: "Restore…" })
        .click();
    await page.getByText("all other parts stay as they are").waitFor();
    await page.getByText("Nobody has to sign: this happens at once.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Restore", exact: true }).click();
    await page.getByText("Restored: base").waitFor();
    assert.equal((await api(RELENG, "GET", `/v2/releases/${name}`)).blob.displayVersion, "140.0");
});

test("the difference of two releases of 8 MB is fast and small", async () => {
    const big = (name, buildID) => {
        const locales = Object.fromEntries(
            Array.from({ length: 2000 }, (_, i) => [
                `l${i}`,
                {
                    ...locale(buildID + i),
                    partials: Array.from({ length: 17 }, (_, n) => ({ ...locale("").completes[0], from: `p${n}` })),
                },
            ]),
        );
        return JSON.stringify(base(name, "1.0", locales));
    };
    const [left, right] = [big("BigA", 1_000_000), big("BigB", 2_000_000)];
    assert.ok(left.length > 7_000_000, `${left.length}`);
    sql(`SET NAMES utf8mb4; INSERT INTO releases (name, product, read_only, data, data_version) VALUES
        ('BigA', 'Many', 0, '${left}', 1), ('BigB', 'Many', 0, '${right}', 1)`);
    const page = await open(RELENG);
    const sizes = [];
    page.on("response", async response => {
        if (response.url().includes("/release_")) {
            sizes.push((await response.body().catch(() => Buffer.alloc(0))).length);
        }
    });
    const started = Date.now();
    await visit(page, "/compare?left=BigA&right=BigB");
    await page.getByText("2000 ×").first().waitFor();
    const took = Date.now() - started;
    console.log(`# two releases of ${left.length} bytes compared in ${took} ms, ${Math.max(...sizes)} bytes`);
    assert.ok(took < COMPARED_MS, `${took} ms`);
    assert.ok(Math.max(...sizes) < 300_000);
    await page.getByRole("button", { name: "Next 200" }).click();
    await eventually("250 changes", async () => (await page.locator(".changes .release-change").count()) === 250);
    await page.locator(".changes").getByRole("button", { name: "l1", exact: true }).first().click();
    await eventually("one part", async () => /path=%2Fplatforms/.test(page.url()));
    await page.getByRole("button", { name: "Whole document" }).waitFor();
});

test("a rule that gets another release: one click to the difference", async () => {
    const page = await open(RELENG);
    await visit(page, "/rules/1/edit");
    await page.getByLabel("Update to").fill("Firefox-129.0-build2");
    await page.getByRole("link", { name: "Compare the two releases" }).waitFor();
    const url = await page.getByRole("link", { name: "Compare the two releases" }).getAttribute("href");
    assert.match(url, /left=Firefox-130.0-build3&right=Firefox-129.0-build2/);
});

const PAGES = [
    ["releases", "/releases?product=Firefox"],
    ["release", "/releases/Firefox-130.0-build3"],
    ["release-edit", "/releases/Firefox-desupport-windows7/edit"],
    ["new-release", "/new-release?name=Firefox-1"],
    ["compare", "/compare?left=Firefox-129.0-build2&right=Firefox-130.0-build3"],
    ["compare-in-use", "/compare?right=Firefox-130.0-build3"],
];

test("pages of releases, in both themes and widths", () => checkPages(RELENG, PAGES));

test("who may not change releases reads them, and sees why", async () => {
    const page = await open(RELMAN);
    await visit(page, "/releases/Firefox-130.0-build3");
    const edit = page.getByRole("button", { name: "Edit", exact: true });
    assert.match(await edit.getAttribute("title"), /permission “release” \(modify\)/);
    await page.getByRole("button", { name: "platforms" }).click();
    await page.getByRole("region", { name: "Contents" }).getByText("Linux_x86_64-gcc3").waitFor();
    await visit(page, "/releases/Firefox-130.0-build3/edit");
    await page.locator(".code textarea").waitFor();
    assert.match(await page.getByRole("button", { name: "Schedule" }).getAttribute("title"), /permission “release”/);
});

test("nothing of this is left", async () => {
    for (const { id } of (await api("admin@example.org", "GET", "/pending?kind=v2/releases")).pending) {
        await api("admin@example.org", "DELETE", `/v2/releases/${id}/scheduled_changes`);
    }
    sql("DELETE FROM releases WHERE product = 'Many'");
    assert.equal((await fetch(`${ADMIN}/ui/`)).status, 200);
});
