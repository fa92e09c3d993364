// 1,500 rules scroll without long tasks; 200 % zoom; reduced motion.
import assert from "node:assert/strict";
import { test } from "node:test";
import { open, useBrowser, visit } from "./harness.mjs";
import { api } from "./window.mjs";

useBrowser();

const RULES = 1500;
// From here on a task is a long one: somebody who scrolls sees it. An idle machine takes less than a third.
const LONG_TASK_MS = 50;

async function manyRules() {
    const { rules } = await api("admin@example.org", "GET", "/rules");
    return Array.from({ length: RULES }, (_, i) => ({
        ...rules[i % rules.length],
        ...{ rule_id: 1000 + i, alias: `many-${i}`, priority: (i * 7) % 400 },
    }));
}

// The work of the page's main thread in ms, without the time in which other programs had the processor.
async function workOf(page, act) {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const total = async () => {
        const { metrics } = await session.send("Performance.getMetrics");
        return 1000 * metrics.find(metric => metric.name === "TaskDuration").value;
    };
    const before = await total();
    await act();
    return (await total()) - before;
}

test("1,500 rules scroll without long tasks", async () => {
    const rules = await manyRules();
    const page = await open("releng@example.org");
    await page.route(
        url => url.pathname === "/rules",
        route => route.fulfill({ json: { count: RULES, rules } }),
    );
    await visit(page, "/rules");
    await page.getByText(`${RULES} rules`).waitFor();
    await page.locator("table.rules.compact").waitFor();
    let frames = 0;
    const work = await workOf(page, async () => {
        frames = await page.evaluate(async () => {
            const end = document.documentElement.scrollHeight - window.innerHeight;
            let n = 0;
            for (let y = 0; y < end; y += 400) {
                window.scrollTo(0, y);
                await new Promise(resolve => requestAnimationFrame(resolve));
                n++;
            }
            return n;
        });
    });
    assert.ok(frames > 50, `${frames} frames`);
    assert.ok(work / frames < LONG_TASK_MS, `${(work / frames).toFixed(1)} ms of work per frame`);
    console.log(`# ${(work / frames).toFixed(1)} ms of work per frame, ${frames} frames`);
});

test("200 % zoom: nothing overflows; reduced motion: nothing moves", async () => {
    const page = await open("relman@example.org", { width: 640, height: 450 });
    for (const path of ["/", "/rules", "/history", "/changes", "/rules/1", "/channels", "/expectations"]) {
        await visit(page, path);
        await page.locator("main .skeleton").first().waitFor({ state: "detached" });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wide <= 0, `${path} is ${wide} px too wide`);
        const moving = await page.evaluate(() => document.getAnimations().length);
        assert.equal(moving, 0, `${path} moves`);
    }
});
