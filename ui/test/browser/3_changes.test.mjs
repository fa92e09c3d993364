// Pending changes: who may sign, and that nobody signs what they have not seen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, faultsOf, open, seesNews, useBrowser, visit } from "./harness.mjs";
import { api } from "./window.mjs";

useBrowser();

async function scheduleRate(id, columns) {
    const rule = await api("admin@example.org", "GET", `/rules/${id}`);
    const when = Date.now() + 3_600_000;
    return (
        await api("releng@example.org", "POST", "/scheduled_changes/rules", {
            ...rule,
            change_type: "update",
            when,
            ...columns,
        })
    ).sc_id;
}

test("a rule that moves to a protected channel can be signed, and stands under both", async () => {
    const id = await scheduleRate(5, { channel: "release" });
    const page = await open("relman@example.org");
    await visit(page, "/rules?product=Firefox&channel=beta");
    await page.getByText("leaves").waitFor();
    await visit(page, "/rules?product=Firefox&channel=release");
    await page.getByText("arrives").waitFor();
    await visit(page, `/changes/rules/${id}`);
    await page.getByRole("button", { name: "Sign off as relman" }).click();
    await page.getByText("2 of 2, all signed").waitFor();
    await page.getByRole("status").getByRole("button", { name: "Revoke" }).click();
    await page.getByText("1 of 2, waits for relman").waitFor();
    await api("releng@example.org", "DELETE", `/scheduled_changes/rules/${id}?data_version=1`);
    await seesNews(page, page.getByText("This change is not pending any more"));
});

test("a change that was edited under the signer's eyes is not signed", async () => {
    const id = await scheduleRate(1, { backgroundRate: 60 });
    const page = await open("relman@example.org");
    await visit(page, `/changes/rules/${id}`);
    await page.getByText("60").first().waitFor();
    const { scheduled_change: change } = await api("admin@example.org", "GET", `/scheduled_changes/rules/${id}`);
    const { sc_id: _, signoffs: _s, required_signoffs: _r, scheduled_by: _b, complete: _c, ...columns } = change;
    await api("releng@example.org", "POST", `/scheduled_changes/rules/${id}`, { ...columns, backgroundRate: 100 });
    await page.getByRole("button", { name: "Sign off as relman" }).click();
    await page.getByText("was edited since you looked").waitFor();
    const after = await api("admin@example.org", "GET", `/scheduled_changes/rules/${id}`);
    assert.deepEqual(Object.keys(after.scheduled_change.signoffs), ["releng@example.org"]);
    await api("releng@example.org", "DELETE", `/scheduled_changes/rules/${id}?data_version=2`);
});

test("editing warns that sign-offs are dropped; who holds no role sees why they cannot sign", async () => {
    const id = await scheduleRate(1, { backgroundRate: 60 });
    await api("relman@example.org", "POST", `/scheduled_changes/rules/${id}/signoffs`, { role: "relman" });
    const releng = await open("releng@example.org");
    await visit(releng, "/rules/1/edit");
    await releng.getByText("Saving drops 1 sign-off of relman@example.org.").waitFor();
    await api("relman@example.org", "DELETE", `/scheduled_changes/rules/${id}/signoffs`);
    const admin = await open("admin@example.org");
    await visit(admin, `/changes/rules/${id}`);
    const button = admin.getByRole("button", { name: "Sign off" });
    assert.match(await button.getAttribute("title"), /none of the roles that are missing: relman/);
    await admin.getByText("can sign: relman@example.org").waitFor();
    await admin.getByRole("button", { name: "Drop…" }).click();
    await admin.getByRole("dialog").getByRole("button", { name: "Drop it" }).click();
    await admin.getByText("Nothing is pending.").waitFor();
});

test("what if: pasted queries are answered before and after a change", async () => {
    const id = await scheduleRate(1, { backgroundRate: 50 });
    const page = await open("relman@example.org");
    await visit(page, `/changes/rules/${id}`);
    await page.getByText("No sample of the clients' queries is kept here").waitFor();
    const urls = ["de", "fr"].map(
        locale =>
            `/update/3/Firefox/128.0/20240704121409/WINNT_x86_64-msvc/${locale}/release/os/default/default/update.xml`,
    );
    await page.getByLabel("URLs of update queries").fill(urls.join("\n"));
    await page.getByRole("button", { name: "Use these" }).click();
    await page.getByText("25 % of the queries get another answer.").waitFor();
    await page.getByRole("row", { name: /Firefox-130\.0-build3.*25 % → 50 %/ }).waitFor();
    await api("releng@example.org", "DELETE", `/scheduled_changes/rules/${id}?data_version=1`);
});

test("several are signed in turn, each with its result; one that was edited meanwhile is not", async () => {
    const first = await scheduleRate(1, { backgroundRate: 30 });
    const second = await scheduleRate(3, { comment: "second" });
    const third = await scheduleRate(4, { comment: "third" });
    const page = await open("relman@example.org", { height: 2000 });
    await visit(page, "/changes");
    await page.getByText("Needs me").waitFor();
    for (let i = 0; i < 3; i++) {
        await page.keyboard.press("j");
        await page.keyboard.press("x");
    }
    await page.getByText("3 selected").waitFor();
    await page.getByText("third").waitFor();
    // Each has been in view once its own button is live.
    const live = page.locator(".opened .button.primary:not([aria-disabled])");
    await eventually("all three were seen", async () => (await live.count()) === 3);
    assert.deepEqual(await faultsOf(page), []);
    // The page must not find out by itself before the keys are pressed.
    await page.route("**/pending?*", route => route.fulfill({ status: 304 }));
    const edited = await api("admin@example.org", "GET", `/scheduled_changes/rules/${second}`);
    const { data_version, priority, mapping, update_type, backgroundRate } = edited.scheduled_change;
    const columns = { data_version, priority, mapping, update_type, backgroundRate, product: "Firefox" };
    const path = `/scheduled_changes/rules/${second}`;
    await api("releng@example.org", "POST", path, { ...columns, channel: "release", sc_data_version: 1 });
    await page.keyboard.press("s");
    await page.getByText("Not signed: changed since you looked").waitFor();
    await page.unroute("**/pending?*");
    await eventually("two are signed", async () => (await page.getByText("Signed off as relman").count()) >= 2);
    await page.getByText("1 selected").waitFor();
    const signers = async id =>
        Object.keys(
            (await api("admin@example.org", "GET", `/scheduled_changes/rules/${id}`)).scheduled_change.signoffs,
        );
    assert.deepEqual(await signers(second), ["releng@example.org"]);
    assert.deepEqual((await signers(first)).sort(), ["releng@example.org", "relman@example.org"]);
    for (const id of [first, second, third]) {
        const version = id === second ? 2 : 1;
        await api("releng@example.org", "DELETE", `/scheduled_changes/rules/${id}?data_version=${version}`);
    }
});

test("nobody signs what was not in view", async () => {
    const id = await scheduleRate(1, { backgroundRate: 30 });
    const page = await open("relman@example.org", { height: 300 });
    await page.addInitScript(() => {
        window.IntersectionObserver = class {
            observe() {}
            disconnect() {}
        };
    });
    await visit(page, `/changes/rules/${id}`);
    const button = page.getByRole("button", { name: "Sign off as relman" });
    await button.waitFor();
    await eventually(
        "it says why",
        async () => (await button.getAttribute("title")) === "Look at the difference first",
    );
    assert.equal(await button.getAttribute("aria-disabled"), "true");
    await api("releng@example.org", "DELETE", `/scheduled_changes/rules/${id}?data_version=1`);
});

test("a permission's change can be seen and signed without the right to list users", async () => {
    const path = "/scheduled_changes/permissions";
    const { sc_id } = await api("admin@example.org", "POST", path, {
        ...{ change_type: "insert", username: "relman@example.org", permission: "rule", options: null },
        when: Date.now() + 3_600_000,
    });
    const page = await open("relman@example.org");
    await visit(page, `/changes/permissions/${sc_id}`);
    await page.getByRole("heading", { name: /Grant the permission/ }).waitFor();
    await page.getByLabel("Changed columns").getByText("rule").first().waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await api("admin@example.org", "DELETE", `${path}/${sc_id}?data_version=1`);
    await seesNews(page, page.getByText("This change is not pending any more"));
});

test("a v2 release that is edited in a part that nobody sees is not signed", async () => {
    const NAME = "Firefox-130.0-build3";
    const path = `/v2/releases/${NAME}`;
    const { blob } = await api("releng@example.org", "GET", path);
    const schedule = async sizes => {
        const locales = Object.fromEntries(
            Object.entries(sizes).map(([name, filesize]) => {
                const locale = structuredClone(blob.platforms["WINNT_x86_64-msvc"].locales[name]);
                locale.completes[0].filesize = filesize;
                return [name, locale];
            }),
        );
        const versions = Object.fromEntries(Object.keys(sizes).map(name => [name, 1]));
        await api("releng@example.org", "POST", path, {
            blob: { platforms: { "WINNT_x86_64-msvc": { locales } } },
            old_data_versions: { platforms: { "WINNT_x86_64-msvc": { locales: versions } } },
            when: Date.now() + 3_600_000,
        });
    };
    const drop = () => api("releng@example.org", "DELETE", `${path}/scheduled_changes`);
    await schedule({ de: 1001, fr: 1002 });
    const page = await open("relman@example.org");
    await visit(page, `/changes/${encodeURIComponent("v2/releases")}/${NAME}`);
    const sign = page.getByRole("button", { name: "Sign off as relman" });
    await page.getByText("2 ×, for example:").waitFor();
    await page.getByText("1001").waitFor();
    assert.equal(await page.getByText("1002").count(), 0, "only the example is shown");
    // The page must not find out by itself.
    await page.route("**/pending?*", route => route.fulfill({ status: 304 }));
    await drop();
    await schedule({ de: 1001, fr: 1003 });
    await sign.click();
    await page.getByText("was edited since you looked").waitFor();
    const signers = async () =>
        Object.keys((await api("admin@example.org", "GET", "/pending?kind=v2/releases")).pending[0].signoffs);
    assert.deepEqual(await signers(), ["releng@example.org"]);
    await page.unroute("**/pending?*");
    await sign.and(page.locator(":not([aria-disabled])")).click();
    await eventually("what is shown now is signed", async () => (await signers()).includes("relman@example.org"));
    await drop();
});
