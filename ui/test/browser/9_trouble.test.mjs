// What the UI says and does when the server, its database or the network fails; what others change meanwhile; and text that
// tries to be more than text.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventually, faultsOf, open, picture, useBrowser, visit } from "./harness.mjs";
import { Box } from "./sites.mjs";
import { ADMIN, api } from "./window.mjs";

useBrowser();

const box = new Box(process.env.BALROG_BOX);
const PARTS = ["db", "admin", "nginx"];
// Whatever fails, the next file finds everything running.
after(() => PARTS.forEach(part => box.run("start", part)));

const comment = (page, text) => page.getByLabel("Comment").fill(text);
const pending = async () => (await api("admin@example.org", "GET", "/scheduled_changes/rules")).scheduled_changes;
const dropPending = async () => {
    for (const { sc_id, sc_data_version: version } of await pending()) {
        await api("admin@example.org", "DELETE", `/scheduled_changes/rules/${sc_id}?data_version=${version}`);
    }
};
const isWrite = request =>
    request.method() === "POST" && /^\/(scheduled_changes|rules)/.test(new URL(request.url()).pathname);

test("the database is down: what was read stays, with its age; writes fail once, reads come back by themselves", async () => {
    const page = await open("releng@example.org");
    const form = await page.context().newPage();
    await visit(form, "/rules/1/edit");
    await comment(form, "while the database is down");
    await form.getByText("Needs 1 × releng").waitFor();
    await visit(page, "/rules");
    await page.locator("tbody.rule").first().waitFor();
    box.run("stop", "db");
    try {
        await page.getByText(/^Trying again/).waitFor();
        await page.getByText("What follows was read").waitFor();
        await page.getByText(/^Request [0-9a-f]{32}$/).waitFor();
        assert.ok(await page.locator("tbody.rule").count(), "the rules are still there");
        await picture(page, "database-down");
        assert.deepEqual(await faultsOf(page), []);
        let writes = 0;
        form.on("request", request => (writes += isWrite(request) && !request.url().includes("dry_run") ? 1 : 0));
        await form.getByRole("button", { name: "Schedule" }).click();
        await form.locator(".note.red", { hasText: "503" }).last().waitFor();
        const late = await open(null);
        await late.goto(`${ADMIN}/ui/`);
        await late.getByRole("dialog", { name: "Log in" }).waitFor();
        assert.equal(writes, 1, "a write is not repeated");
    } finally {
        box.run("start", "db");
    }
    await page.getByText("What follows was read").waitFor({ state: "detached" });
    assert.deepEqual(await pending(), []);
    assert.equal(await form.getByLabel("Comment").inputValue(), "while the database is down");
});

test("nginx is down: a banner with the age, nothing live; all comes back by itself", async () => {
    const page = await open("releng@example.org", { width: 360, height: 740 });
    await visit(page, "/rules");
    await page.locator("tbody.rule").first().waitFor();
    box.run("stop", "nginx");
    try {
        await page.getByText("The server cannot be reached. Nothing").waitFor();
        await page.getByText("What you see is of").waitFor();
        assert.match(await page.getByRole("button", { name: "New rule" }).getAttribute("title"), /cannot be reached/);
        assert.ok(await page.locator("tbody.rule").count());
        await picture(page, "offline");
        assert.deepEqual(await faultsOf(page), []);
    } finally {
        box.run("start", "nginx");
    }
    await page.getByText("The server cannot be reached. Nothing").waitFor({ state: "detached" });
    await page.getByRole("link", { name: "New rule" }).waitFor();
});

test("the API is down at the start: the page says so, and begins once it is back", async () => {
    const page = await open("releng@example.org", { theme: "dark" });
    box.run("stop", "admin");
    try {
        await page.goto(`${ADMIN}/ui/rules`);
        await page.getByRole("heading", { name: "Balrog cannot be used at the moment" }).waitFor();
        await page.getByText(/^Trying again/).waitFor();
        await picture(page, "no-api");
        assert.deepEqual(await faultsOf(page), []);
    } finally {
        box.run("start", "admin");
    }
    await page.locator("tbody.rule").first().waitFor();
});

test("a COMMIT whose answer was lost: looks, and says that it was done, or was not", async () => {
    const page = await open("releng@example.org");
    const lost = {
        title: "Service Unavailable",
        status: 503,
        detail: "Whether it was made is not known: look before you try again.",
    };
    for (const done of [true, false]) {
        await visit(page, "/rules/1/edit");
        await comment(page, `COMMIT lost, done: ${done}`);
        await page.getByText("Needs 1 × releng").waitFor();
        const from = Date.now();
        await page.route("**/scheduled_changes/rules", async route => {
            if (done) {
                await route.fetch();
            }
            await route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(lost) });
        });
        await page.getByRole("button", { name: "Schedule" }).click();
        await page.getByText("This may have been done").waitFor();
        await page.getByText(done ? /^It was done at / : /^It was not done/).waitFor();
        assert.ok(Date.now() - from < 20_000);
        await picture(page, `commit-lost-${done}`);
        await page.unroute("**/scheduled_changes/rules");
        assert.equal((await pending()).length, done ? 1 : 0);
        await dropPending();
    }
});

test("the connection breaks while a change is sent: the same", async () => {
    const page = await open("releng@example.org");
    await visit(page, "/rules/1/edit");
    await comment(page, "connection broken");
    await page.getByText("Needs 1 × releng").waitFor();
    await page.route("**/scheduled_changes/rules", async route => {
        await route.fetch();
        await route.abort("connectionreset");
    });
    await page.getByRole("button", { name: "Schedule" }).click();
    await page.getByText("This may have been done").waitFor();
    await page.getByText(/^It was done at /).waitFor();
    assert.equal((await pending()).length, 1);
    await dropPending();
});

test("answers without news are 304s without a body; a change by somebody else is marked and announced, but not under a dialog", async () => {
    const page = await open("relman@example.org");
    await visit(page, "/rules");
    const row = page.locator("#rule-10");
    await row.waitFor();
    const from = Date.now();
    const answers = { "/rules": [], "/shutoffs": [], "/pending": [] };
    page.on("response", async response => {
        const status = response.status();
        const { responseBodySize: size } = await response.request().sizes();
        answers[new URL(response.url()).pathname]?.push({ status, size });
    });
    await eventually("an answer without news", () => Object.values(answers).every(list => list.length), 30_000);
    const all = Object.values(answers).flat();
    assert.ok(
        all.every(({ status, size }) => status === 304 && size === 0),
        JSON.stringify(answers),
    );
    // Two lists each ten seconds, and the stops each five.
    assert.ok(all.length <= 2 + (Date.now() - from) / 2500, `${all.length} requests in ${Date.now() - from} ms`);
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    const { data_version } = await api("admin@example.org", "GET", "/rules/10");
    await api("admin@example.org", "POST", "/rules/10", { comment: "changed by admin", data_version });
    // The frame goes on looking, the page does not.
    await page.waitForResponse(response => response.url().endsWith("/shutoffs"));
    assert.equal(await page.getByText("changed by admin").count(), 0);
    await page.keyboard.press("Escape");
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // as a user who comes back
    await eventually(
        "announced",
        async () => /^Rules: 1 entry changed/.test(await page.locator("[data-news]").innerText()),
        30_000,
    );
    await row.and(page.locator(".fresh")).waitFor();
});

test("a browser's clock that is wrong does not matter", async () => {
    const page = await open("releng@example.org");
    await page.clock.setSystemTime(Date.now() - 3_600_000);
    await visit(page, "/rules/1/edit");
    await comment(page, "clock an hour behind");
    await page.getByText("Needs 1 × releng").waitFor();
    await page.getByRole("button", { name: "Schedule" }).click();
    await page.getByText("Scheduled: firefox-release").waitFor();
    const [change] = await pending();
    assert.ok(Math.abs(change.when - Date.now()) < 120_000, `when: ${new Date(change.when).toISOString()}`);
    await dropPending();
});

const HOSTILE = [
    '<img src=x onerror="window.ran = 1"><script>window.ran = 1</script>',
    "'\"><b>&amp;&lt;</b>{{7*7}}${7*7}`",
    "\u{1F4A3}\u{10FFFF}𝕏 e\u0301",
    "\u202Emarkup\u202C \u05E9\u05DC\u05D5\u05DD \u0627\u0644\u0633\u0644\u0627\u0645",
    "W".repeat(255),
];

const hex = text => `CONVERT(X'${Buffer.from(text).toString("hex")}' USING utf8mb4)`;

// Names that the API refuses, but that a database may have: of releases and of people.
function addHostileNames() {
    for (const text of HOSTILE) {
        const name = text.slice(0, 99);
        box.sql(`INSERT INTO releases (name, product, read_only, data, data_version)
            VALUES (${hex(name)}, 'Hostile', 0, '{"name": "x", "schema_version": 1}', 1);
            INSERT INTO permissions (username, permission, data_version) VALUES (${hex(name)}, 'rule', 1)`);
    }
}

function dropHostileNames() {
    box.sql(`DELETE FROM releases WHERE product = 'Hostile';
        DELETE FROM permissions WHERE username IN (${HOSTILE.map(text => hex(text.slice(0, 99)))})`);
}

test("hostile text is text: nothing runs, nothing overflows", async () => {
    const ids = [];
    addHostileNames();
    const row = { product: "Hostile", channel: `<i>${"N".repeat(72)}`, backgroundRate: 100, update_type: "minor" };
    const mapping = "Thunderbird-128.2.0esr-build1";
    for (const [i, text] of HOSTILE.entries()) {
        ids.push(await api("admin@example.org", "POST", "/rules", { ...row, priority: i + 1, mapping }));
        // The API takes only ASCII here, but databases that the reference wrote may have anything.
        box.sql(`UPDATE rules SET comment = ${hex(text)} WHERE rule_id = ${ids[i]}`);
        const now = await api("admin@example.org", "GET", `/rules/${ids[i]}`);
        assert.equal(now.comment, text);
        const comment = /^[ -~]*$/.test(text) ? `${text}!` : "";
        const change = { ...now, change_type: "update", comment, priority: i + 10, when: Date.now() + 3_600_000 };
        await api("admin@example.org", "POST", "/scheduled_changes/rules", change);
    }
    const stop = { product: "Hostile", channel: "x", comment: HOSTILE[0] + HOSTILE[1] };
    await api("admin@example.org", "POST", "/emergency_shutoff", stop);
    for (const [theme, width] of [
        ["light", 360],
        ["dark", 1280],
    ]) {
        const page = await open("admin@example.org", { theme, width, height: width < 500 ? 740 : 900 });
        for (const path of [
            "/rules?product=Hostile&density=full",
            `/rules?product=Hostile#ruleId=${ids[4]}`,
            "/changes",
            "/stop",
            "/",
            `/rules/${ids[0]}/edit`,
            "/releases?product=Hostile",
            ...HOSTILE.map(text => `/releases/${encodeURIComponent(text.slice(0, 99))}`),
            "/people",
            `/people/${encodeURIComponent(HOSTILE[0])}`,
        ]) {
            await visit(page, path);
            await page.locator("main .skeleton").first().waitFor({ state: "detached" });
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
            assert.ok(wide <= 0, `${path} at ${width} px is ${wide} px too wide`);
            assert.equal(await page.evaluate(() => window.ran), undefined);
        }
        await visit(page, `/rules?product=Hostile#ruleId=${ids[4]}`);
        await page.getByText("W".repeat(255)).first().waitFor();
        await picture(page, `hostile-${theme}-${width}`);
        assert.deepEqual(await faultsOf(page), []);
    }
    await dropPending();
    dropHostileNames();
    await api("admin@example.org", "DELETE", "/emergency_shutoff/Hostile/x?data_version=1");
    for (const id of ids) {
        await api("admin@example.org", "DELETE", `/rules/${id}?data_version=1`);
    }
});
