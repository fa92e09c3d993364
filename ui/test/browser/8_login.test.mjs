// Logging in by tokens, by certificates, and by a service in front; what happens when a login ends; what others may see and do.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { eventually, faultsOf, open, picture, seesNews, useBrowser } from "./harness.mjs";
import { Issuer } from "./issuer.mjs";
import { Box, freePort, makeCertificate, startNginx, template } from "./sites.mjs";

useBrowser();

let issuer;
let box;
let ui; // the UI on a host of its own
let nginx;
const dir = mkdtempSync(join(tmpdir(), "balrog-login-"));

before(async () => {
    issuer = await new Issuer().start();
    const port = await freePort();
    ui = `http://127.0.0.1:${port}`;
    const settings = {
        "admin.issuer": issuer.url,
        "admin.audience": "balrog",
        "admin.jwks_url": `${issuer.url}/jwks`,
        "admin.jwks_cache_s": 1,
        "admin.jwks_refresh_s": 1,
        "admin.cors_origins": ui,
        "ui.client_id": "balrog-ui",
        "ui.environment": "stage",
    };
    box = new Box().up(...Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]));
    const words = {
        LISTEN: `127.0.0.1:${port}`,
        LOG_DIR: dir,
        API: box.url,
        CONNECT: `'self' ${box.url} ${issuer.url}`,
    };
    nginx = await startNginx(dir, port, template("ui.conf.in", words));
});
after(() => {
    nginx?.stop();
    box?.remove();
    issuer?.stop();
    rmSync(dir, { recursive: true });
});

const go = async (page, path, site = box.url) => {
    await page.goto(`${site}/ui${path}`);
    await page.locator("main h1").waitFor();
};
const dialogOf = page => page.getByRole("dialog", { name: "Log in" });

// Logs in at the issuer, in the window that opens.
async function logIn(page, user, { ask = true } = {}) {
    if (ask) {
        await page.getByRole("button", { name: "Log in" }).first().click();
    }
    const [popup] = await Promise.all([
        page.waitForEvent("popup"),
        dialogOf(page).getByRole("button", { name: "Log in" }).click(),
    ]);
    await popup.getByLabel("User").fill(user);
    await popup.getByRole("button", { name: "Go on" }).click();
    return popup;
}
const isIn = (page, user) => page.locator(".who").getByText(`${user}@example.org`).waitFor();

// Ends all logins, and waits until the server knows: it keeps the issuer's keys for a second.
async function endLogins(page) {
    const { authorization } = await page.evaluate(() => JSON.parse(sessionStorage.getItem("balrog.login")));
    issuer.endLogins();
    const status = async () => (await fetch(`${box.url}/whoami`, { headers: { Authorization: authorization } })).status;
    await eventually("the token is refused", async () => (await status()) === 401);
}

// A form of rule 1 with a comment that can be saved.
async function openForm(page, text) {
    dropPending();
    await go(page, "/rules/1/edit");
    await page.getByLabel("Comment").fill(text);
    await page.getByText("Needs 1 × releng, 1 × relman").waitFor();
}
// By the script, because a dialog may be in front already.
const save = page => page.getByRole("button", { name: "Schedule" }).evaluate(button => button.click());
const pendingOf = async text => {
    const answer = await (await fetch(`${box.url}/scheduled_changes/rules`)).json();
    return answer.scheduled_changes.filter(change => change.comment === text);
};
const dropPending = () =>
    box.sql(`DELETE FROM rules_scheduled_changes_signoffs; DELETE FROM rules_scheduled_changes_conditions;
        DELETE FROM rules_scheduled_changes`);

test("logged out: everything that is public can be read, nothing is live, and reasons are shown", async () => {
    const page = await open(null);
    await go(page, "/rules");
    await page.locator("tbody.rule").first().waitFor();
    assert.equal(await page.getByRole("dialog").count(), 0, "nobody is asked to log in");
    assert.equal(await page.getByRole("button", { name: "New rule" }).getAttribute("title"), "Log in first");
    await page.getByRole("button", { name: "firefox-release", exact: true }).click();
    const names = await page.locator("main .button:not([aria-disabled])").allTextContents();
    assert.ok(!names.some(name => /Edit|Delete|Duplicate/.test(name)), `live: ${names}`);
    assert.deepEqual(await faultsOf(page), []);
    await go(page, "/rules/1/edit");
    await page.getByRole("button", { name: "Schedule" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Schedule" }).getAttribute("title"), "Log in first");
    await go(page, "/");
    await page.getByText("No change waits for your sign-off.").waitFor();
});

test("a login in a window of its own; another tab and a reload need none; a logout ends it everywhere", async () => {
    const page = await open(null);
    await go(page, "/rules");
    const popup = await logIn(page, "releng@example.org");
    await isIn(page, "releng");
    await eventually("the window closes", () => popup.isClosed());
    await page.reload();
    await isIn(page, "releng");
    const other = await page.context().newPage();
    await go(other, "/rules");
    await isIn(other, "releng");
    await page.getByRole("button", { name: "Log out", exact: true }).click();
    await other.getByRole("button", { name: "Log in" }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem("balrog.login")), null);
    await eventually("the refresh token is revoked", () => issuer.count("POST /revoke") > 0);
});

test("a callback that nobody has asked for is refused, and disturbs no login", async () => {
    const page = await open(null);
    await go(page, "/rules");
    await page.getByRole("button", { name: "Log in" }).first().click();
    const [popup] = await Promise.all([
        page.waitForEvent("popup"),
        dialogOf(page).getByRole("button", { name: "Log in" }).click(),
    ]);
    const asked = issuer.count("POST /token");
    const evil = await page.context().newPage();
    await evil.goto(`${box.url}/ui/callback?code=stolen&state=guessed&iss=${encodeURIComponent(issuer.url)}`);
    await evil.getByRole("heading", { name: "This login was not asked for" }).waitFor();
    assert.equal(new URL(evil.url()).search, "", "the code does not stay in the address");
    await picture(evil, "login-refused");
    assert.equal(issuer.count("POST /token"), asked);
    await popup.getByLabel("User").fill("releng@example.org");
    await popup.getByRole("button", { name: "Go on" }).click();
    await isIn(page, "releng");
});

test("a wrong issuer and a wrong nonce are refused, and said", async () => {
    const page = await open(null);
    await go(page, "/rules");
    issuer.answersAs = "https://evil.example";
    await logIn(page, "releng@example.org");
    await dialogOf(page).getByText("is refused").waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await picture(page, "login-wrong");
    issuer.answersAs = null;
    issuer.nonce = "wrong";
    await logIn(page, "releng@example.org", { ask: false });
    await dialogOf(page).getByText("nonce").waitFor();
    issuer.nonce = null;
    await logIn(page, "releng@example.org", { ask: false });
    await isIn(page, "releng");
});

test("tokens are renewed in silence before they end", async () => {
    const page = await open(null);
    issuer.lifetimeS = 8;
    await go(page, "/rules");
    await logIn(page, "releng@example.org");
    await isIn(page, "releng");
    const before = await page.evaluate(() => sessionStorage.getItem("balrog.login"));
    issuer.lifetimeS = 3600;
    await eventually(
        "new tokens",
        async () => (await page.evaluate(() => sessionStorage.getItem("balrog.login"))) !== before,
    );
    assert.equal(await page.getByRole("dialog").count(), 0);
    await page.reload();
    await isIn(page, "releng");
});

test("a login ends in the middle of a form: renewed in silence, the save goes through", async () => {
    const page = await open(null);
    await go(page, "/rules");
    await logIn(page, "releng@example.org");
    await isIn(page, "releng");
    await openForm(page, "renewed");
    await endLogins(page);
    await save(page);
    await page.getByText("Scheduled: firefox-release").waitFor();
    assert.equal((await pendingOf("renewed")).length, 1);
    dropPending();
});

test("not renewed: the text stays, a dialog asks beside it, and the save goes out once", async () => {
    const page = await open(null);
    await go(page, "/rules");
    await logIn(page, "releng@example.org");
    await isIn(page, "releng");
    await openForm(page, "typed before the login ended");
    let answered = 0;
    page.on("response", response => {
        const { pathname, search } = new URL(response.url());
        answered +=
            pathname === "/scheduled_changes/rules" && !search && response.request().method() === "POST" ? 1 : 0;
    });
    issuer.refuseRefresh = true;
    await endLogins(page);
    await save(page);
    await dialogOf(page).getByText("Your login has ended.").waitFor();
    assert.equal(await page.getByLabel("Comment").inputValue(), "typed before the login ended");
    assert.deepEqual(await faultsOf(page), []);
    await picture(page, "login-ended");
    // Closed, a banner stays, and nothing is live.
    await dialogOf(page).getByRole("button", { name: "Cancel" }).click();
    await page.getByText("nothing can be changed until you log in again").waitFor();
    assert.match(await page.getByRole("button", { name: "Schedule" }).getAttribute("title"), /log in again/);
    await picture(page, "login-ended-banner");
    issuer.refuseRefresh = false;
    await logIn(page, "releng@example.org");
    await page.getByText("nothing can be changed until").waitFor({ state: "detached" });
    assert.equal(await page.getByLabel("Comment").inputValue(), "typed before the login ended");
    // And without closing it: what was refused goes out again.
    issuer.refuseRefresh = true;
    await endLogins(page);
    answered = 0;
    await save(page);
    await dialogOf(page).waitFor();
    issuer.refuseRefresh = false;
    await logIn(page, "releng@example.org", { ask: false });
    await page.getByText("Scheduled: firefox-release").waitFor();
    assert.equal((await pendingOf("typed before the login ended")).length, 1);
    assert.equal(answered, 2, "refused once, done once");
    dropPending();
});

test("somebody else logs in: they do not save what another has typed", async () => {
    const page = await open(null);
    await go(page, "/rules");
    await logIn(page, "releng@example.org");
    await isIn(page, "releng");
    await openForm(page, "of releng");
    issuer.refuseRefresh = true;
    await endLogins(page);
    await save(page);
    await dialogOf(page).waitFor();
    issuer.refuseRefresh = false;
    await logIn(page, "admin@example.org", { ask: false });
    await isIn(page, "admin");
    await page.getByText("This is what you typed before.").waitFor();
    assert.deepEqual(await pendingOf("of releng"), []);
});

test("a user without a permission any more reads why, and who can grant one", async () => {
    const page = await open(null);
    await go(page, "/rules");
    await logIn(page, "releng@example.org");
    await isIn(page, "releng");
    await openForm(page, "not allowed any more");
    box.sql("CREATE TABLE kept_permissions AS SELECT * FROM permissions WHERE username = 'releng@example.org'");
    box.sql("DELETE FROM permissions WHERE username = 'releng@example.org'");
    try {
        await save(page);
        const problem = page.locator(".note.red", { hasText: "You may not do this" }).last();
        await problem.getByText("can grant what is missing").waitFor();
        await problem.getByText(/^Request [0-9a-f]{32}$/).waitFor();
        await picture(page, "right-missing");
        await page.reload();
        await page.getByText("You are logged in, but have no permission in stage.").waitFor();
        assert.equal(await page.getByRole("button", { name: "Schedule" }).getAttribute("title"), "Log in first");
        await picture(page, "stranger");
        assert.deepEqual(await faultsOf(page), []);
    } finally {
        box.sql("INSERT INTO permissions SELECT * FROM kept_permissions; DROP TABLE kept_permissions");
    }
});

test("the UI on a host of its own: logs in, reads, and changes things at the API's", async () => {
    const page = await open(null);
    const statuses = [];
    page.on("response", response => statuses.push([new URL(response.url()).origin, response.status()]));
    await go(page, "/rules", ui);
    await page.locator("tbody.rule").first().waitFor();
    await logIn(page, "releng@example.org");
    await isIn(page, "releng");
    await page.goto(`${ui}/ui/rules/1/edit`);
    await page.getByLabel("Comment").fill("from another host");
    await page.getByText("Needs 1 × releng, 1 × relman").waitFor();
    await save(page);
    await page.getByText("Scheduled: firefox-release").waitFor();
    assert.equal((await pendingOf("from another host")).length, 1);
    await eventually("an answer without news", () => statuses.some(([at, n]) => at === box.url && n === 304), 30_000);
    dropPending();
});

// ---- without tokens: an nginx of its own before the admin of the shared Balrog ----

const admin = words =>
    template("admin.conf.in", {
        LOG_DIR: dir,
        SOCKET: join(process.env.BALROG_BOX, "run/admin.sock"),
        CONNECT: "'self'",
        ...words,
    });
const NOBODY = 'fastcgi_param REMOTE_USER "";';

test("a certificate logs in, without a form", async () => {
    makeCertificate(dir, "ca", "/CN=ca");
    makeCertificate(dir, "tls", "/CN=localhost");
    makeCertificate(dir, "releng", "/CN=R/emailAddress=releng@example.org", "ca");
    const port = await freePort();
    const tls = `ssl; ssl_certificate ${dir}/tls.pem; ssl_certificate_key ${dir}/tls.key`;
    const text = admin({ LISTEN: `127.0.0.1:${port} ${tls}` })
        .replace(NOBODY, "")
        .replace(
            "#fastcgi_param REMOTE_USER $balrog_admin_certificate;",
            "fastcgi_param REMOTE_USER $balrog_admin_certificate;",
        )
        .replace("#ssl_client_certificate /etc/balrog/clients-ca.pem;", `ssl_client_certificate ${dir}/ca.pem;`)
        .replace("#ssl_verify_client on;", "ssl_verify_client on;");
    const site = await startNginx(dir, port, text);
    try {
        const origin = `https://127.0.0.1:${port}`;
        const certificate = { origin, certPath: join(dir, "releng.pem"), keyPath: join(dir, "releng.key") };
        const page = await open(null, { context: { ignoreHTTPSErrors: true, clientCertificates: [certificate] } });
        await go(page, "/rules", origin);
        await isIn(page, "releng");
        assert.equal(await page.getByRole("dialog").count(), 0);
        assert.equal(await page.getByRole("link", { name: "New rule" }).count(), 1, "it is live");
    } finally {
        site.stop();
    }
});

test("a service in front logs in; when its login ends, a window for it, and the page goes on", async () => {
    const port = await freePort();
    const front = `if ($cookie_who = "") { return 302 /front; }\n fastcgi_param REMOTE_USER $cookie_who;`;
    const pages = `location = /front { default_type text/html; return 200 '<a href="/front/in">Log in</a>'; }
        location = /front/in { add_header Set-Cookie "who=releng@example.org; Path=/"; return 302 /whoami; }
        error_page 413 = @too_long;`;
    const text = admin({ LISTEN: `127.0.0.1:${port}` })
        .replace(NOBODY, front)
        .replace("error_page 413 = @too_long;", pages);
    const site = await startNginx(dir, port, text);
    try {
        const origin = `http://127.0.0.1:${port}`;
        const page = await open(null);
        await page.context().addCookies([{ name: "who", value: "releng@example.org", url: origin }]);
        await go(page, "/rules", origin);
        await isIn(page, "releng");
        await page.context().clearCookies();
        const dialog = page.getByRole("dialog", { name: "You are not logged in" });
        await seesNews(page, dialog);
        await picture(page, "login-front");
        assert.equal(await page.getByText("cannot be reached").count(), 0, "the network is not blamed");
        const [popup] = await Promise.all([
            page.waitForEvent("popup"),
            dialog.getByRole("button", { name: "Log in" }).click(),
        ]);
        await popup.getByRole("link", { name: "Log in" }).click();
        await dialog.waitFor({ state: "detached" });
        await page.locator("tbody.rule").first().waitFor();
    } finally {
        site.stop();
    }
});
