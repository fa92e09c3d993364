import assert from "node:assert/strict";
import { test } from "node:test";
import { fromLimits, sameOptions, sentence, toLimits } from "../../src/people/permissions";
import { compareVersions, outlines, toChart, type UptakeSeries } from "../../src/uptake/series";

test("permissions as sentences", () => {
    assert.equal(sentence("admin", null), "May do everything");
    assert.equal(sentence("admin", { products: ["GMP"] }), "May do everything for GMP, and nothing else");
    assert.equal(sentence("rule", null), "May create, change and delete rules");
    assert.equal(
        sentence("rule", { actions: ["modify"], products: ["Firefox", "GMP"] }),
        "May change rules for Firefox and GMP",
    );
    assert.equal(sentence("emergency_shutoff", { actions: ["delete"] }), "May restart updates");
    assert.equal(sentence("rule", { actions: ["fly"] }), "May “fly” rules");
    assert.match(sentence("required_signoff", { products: ["GMP"] }), /^Allows nothing/);
    assert.equal(sentence("other", null), "May use “other”");
});

test("limits: all actions are no limit, and unknown ones stay", () => {
    assert.equal(fromLimits("rule", toLimits("rule", null)), null);
    assert.deepEqual(fromLimits("rule", { products: " GMP , Firefox,GMP", actions: ["create", "modify", "delete"] }), {
        products: ["GMP", "Firefox"],
    });
    const odd = { actions: ["create", "fly"] };
    assert.deepEqual(fromLimits("rule", toLimits("rule", odd)), odd);
    assert.deepEqual(fromLimits("permission", { products: "GMP", actions: ["view"] }), { actions: ["view"] });
    assert.ok(sameOptions({ products: ["a", "b"] }, { products: ["b", "a"], actions: [] }));
    assert.ok(sameOptions(null, {}));
    assert.ok(!sameOptions(null, { actions: ["create"] }));
});

test("the chart: four versions and the rest, newest first", () => {
    const versions = { "9.0": 10, "131.0": 40, "130.0": 30, "130.0.2": 15, "115.0": 3 };
    const series = [
        { at: 0, queries: 100, versions },
        { at: 10, queries: 50, versions: { "131.0": 50 } },
    ];
    const chart = toChart({ series } as unknown as UptakeSeries);
    assert.deepEqual(
        chart.layers.map(layer => [layer.version, layer.queries]),
        [
            ["131.0", 90],
            ["130.0.2", 15],
            ["130.0", 30],
            ["9.0", 10],
            [null, 5],
        ],
    );
    const [first, second] = outlines(chart, 100, 100, true);
    assert.equal(first, "0.0,60.0 100.0,0.0 100.0,100.0 0.0,100.0");
    assert.equal(second, "0.0,45.0 100.0,0.0 100.0,0.0 0.0,60.0");
    assert.equal(outlines(chart, 100, 100, false)[0], "0.0,60.0 100.0,50.0 100.0,100.0 0.0,100.0");
    assert.ok(compareVersions("130.0", "9.0") > 0);
});
