"""Short attacks that chance alone would seldom play: each yields requests and is sent the state before its next one.

They are played among random moves, which disturb them. A plot ends early (returns) when what it needs is not there."""
import authority as au
import plots_guards as guards
import plots_releases as rel
import plots_words as words
import world as w
from client import Request
from plot_tools import enact, newest, rule_change, sign


def odd_pin(m, state):
    """A pin that is no version, or that a release lies outside of."""
    name, version = m.pick((("Fx-3", "11"), ("Fx-4", "102."), ("Fx-3", "110"), ("Fx-4", "111.0."), ("Fx-4", "x.")))
    state = yield Request(m.pick((w.REL, w.BOSS)), "PUT", f"/v2/releases/{name}/pinnable", {"product": w.FX, "channel": "nightly", "version": version})
    body = {"product": w.FX, "channel": "beta", "version": version, "when": m.when()}
    state = yield Request(w.BOSS, "PUT", f"/v2/releases/{name}/pinnable", body)
    change = newest(state, "pinnable_releases", version=version)
    if change:
        yield enact(change)


def pin_then_newer(m, state):
    """A pin is right when it is made; then its release becomes a newer version."""
    state = yield Request(w.BOSS, "PUT", "/v2/releases/Fx-4/pinnable", {"product": w.FX, "channel": "nightly", "version": "111."})
    row = state.live["releases_json"].get(("Fx-4",))
    if row:
        yield Request(w.BOSS, "PUT", "/v2/releases/Fx-4", {"blob": w.app_blob("Fx-4", m.fresh(), "120.0"), "old_data_versions": m.versions_of(state, "Fx-4")})


def other_product(m, state):
    """Somebody limited to one product takes a rule of another, or gives one away."""
    rule = m.pick(state.live["rules"].values())
    if rule is None:
        return
    target = w.TB if rule["product"] != w.TB else w.FX
    actor = m.pick((w.TB_ADMIN, w.TB_REL, w.FX_ADMIN, w.REL2))
    state = yield Request(actor, "POST", f"/rules/{rule['rule_id']}", {"product": target, "data_version": rule["data_version"]})
    rule = state.live["rules"].get((rule["rule_id"],)) or rule
    state = yield Request(actor, "POST", "/scheduled_changes/rules", rule_change(rule, m, product=target))
    change = newest(state, "rules", rule_id=rule["rule_id"], product=target)
    if change:
        yield enact(change, m.pick((w.BOSS, w.AGENT)))


def grants_himself(m, state):
    """Somebody with few rights gives himself more."""
    actor = m.pick((w.FX_ADMIN, w.TB_ADMIN, w.REL, w.LOCALIZER, w.PERM, w.PERM2))
    yield Request(actor, "PUT", f"/users/{actor}/permissions/admin", w.permission_body({}))
    yield Request(actor, "PUT", f"/users/{actor}/permissions/rule", w.permission_body({}))
    yield Request(actor, "PUT", f"/users/{actor}/roles/relman", {})
    state = yield Request(actor, "POST", "/scheduled_changes/permissions", {
        "username": actor, "permission": "release", "change_type": "insert", "when": m.when(), **w.permission_body({})})
    change = newest(state, "permissions", username=actor)
    if change:
        yield sign(change, w.PERM, "secops")
        yield enact(change)


def limits_elsewhere(m, state):
    """A permission for a product whose permissions need sign-offs becomes one for another product, without any."""
    if not au.confirmation_needed(state):
        state = yield Request(w.BOSS, "POST", "/required_signoffs/permissions", {"product": w.FX, "role": "secops", "signoffs_required": 1})
    key = m.pick(k for k, row in state.live["permissions"].items() if w.FX in ((row["options"] or {}).get("products") or []))
    if key is None:
        return
    body = w.permission_body({"products": [w.TB]}, data_version=state.live["permissions"][key]["data_version"])
    state = yield Request(w.BOSS2, "PUT", f"/users/{key[0]}/permissions/{key[1]}", body)
    state = yield Request(w.BOSS2, "POST", "/scheduled_changes/permissions", {
        "username": key[0], "permission": key[1], "change_type": "update", "when": m.when(), **body})
    change = newest(state, "permissions", username=key[0], permission=key[1])
    if change:
        yield enact(change)


def lifts_requirement(m, state):
    """Required sign-offs are lowered or removed without those that they ask for."""
    key = m.pick(state.live["product_req_signoffs"])
    if key is None:
        return
    row = state.live["product_req_signoffs"][key]
    body = {"product": key[0], "channel": key[1], "role": key[2], "change_type": "delete", "when": m.when(), "data_version": row["data_version"]}
    state = yield Request(w.REL2, "POST", "/scheduled_changes/required_signoffs/product", body)
    change = newest(state, "product_req_signoffs", product=key[0], channel=key[1], role=key[2])
    if change:
        yield enact(change)
    yield Request(w.BOSS, "POST", "/required_signoffs/product", {"product": key[0], "channel": key[1], "role": "secops", "signoffs_required": 1})


def owner_loses_right(m, state):
    """Who scheduled a change loses the permission before it is enacted."""
    state = yield Request(w.REL2, "POST", "/scheduled_changes/rules", {**w.rule_body(w.FX, "nightly", "Fx-1", 5), "change_type": "insert", "when": m.when()})
    row = state.live["permissions"].get((w.REL2, "rule"))
    change = newest(state, "rules", channel="nightly", mapping="Fx-1")
    if row and change and change.by == w.REL2:
        yield Request(w.BOSS, "DELETE", f"/users/{w.REL2}/permissions/rule?data_version={row['data_version']}")
        yield enact(change)


def takes_over(m, state):
    """A change that is scheduled for one product is edited to be for another, by somebody with rights for the other alone."""
    state = yield Request(w.REL, "POST", "/scheduled_changes/rules", {
        **w.rule_body(w.FX, "nightly", "Fx-1", 5), "change_type": "insert", "when": m.when()})
    change = newest(state, "rules", channel="nightly", mapping="Fx-1")
    if change:
        yield Request(m.pick((w.TB_REL, w.TB_ADMIN)), "POST", f"/scheduled_changes/rules/{change.id}", {
            "product": w.TB, "mapping": "Tb-1", "when": m.when(), "sc_data_version": change.version})


def taken_alias(m, state):
    """A change is scheduled for an alias that a rule, or another pending change, has."""
    taken = sorted({r["alias"] for r in state.live["rules"].values() if r["alias"]}) or ["alias-a"]
    for alias in (m.pick(taken), "alias-a", "alias-a"):
        yield Request(w.BOSS, "POST", "/scheduled_changes/rules", {**w.rule_body(w.FX, "nightly", "Fx-1", 5), "alias": alias,
                                                                  "change_type": "insert", "when": m.when()})


def double_booking(m, state):
    """One v2 release, scheduled and written directly, in both orders."""
    name = m.pick(("Fx-5", "Tb-3"))
    blob = w.app_blob(name, m.fresh())
    body = {"product": w.product_of(name), "blob": blob}
    for when in m.pick(((True, False), (True, True), (False, True))):
        yield Request(w.BOSS, "PUT", f"/v2/releases/{name}", {**body, **({"when": m.when()} if when else {})})
    locale = {"blob": {"platforms": {w.PLATFORM: {"locales": {"it": w.locale_of(name, "112.0", f"{m.fresh()}-d")}}}}, "old_data_versions": {}}
    yield Request(w.BOSS, "POST", f"/v2/releases/{name}", {**locale, "when": m.when()})
    yield Request(w.BOSS, "POST", f"/v2/releases/{name}", locale)
    yield Request(w.BOSS, "POST", f"/v2/releases/{name}/enact", {})


# Each with its weight: in how many of four successive episodes it is played at least once; see hand().
WEIGHTS = {
    guards.read_only_v2_enacted: 4, guards.read_only_v2_written: 2, guards.read_only_v1: 2, guards.signed_and_then: 4,
    guards.leaves_protection: 2, guards.roles_go_along: 2, guards.confirms_alone: 2,
    rel.content_after_sign_off: 2, rel.member_of_protected: 1, rel.member_after_sign_off: 2, rel.pinned_release: 1,
    rel.read_only_at_enact: 2, rel.unlock: 1, rel.half_a_right: 1, rel.v1_over_v2: 1, rel.v2_over_v1: 2,
    rel.shadow_scheduled: 1,
    rel.blob_of_another: 1, rel.delete_named: 2, rel.release_is_gone: 1,
    words.merge_signs_again: 1, words.signer_loses_role: 2, words.edit_after_sign_off: 1, words.complete_signed: 1,
    words.stranger_revokes: 1, words.signs_for_another: 2, words.machine_signs: 1, words.last_holders: 1, words.last_permission: 1,
    words.role_of_one: 1, words.sign_and_enact: 4, words.protected_release: 2, words.ends_shutoff: 1, words.row_is_gone: 1,
    odd_pin: 1, pin_then_newer: 1, other_product: 1, grants_himself: 1, limits_elsewhere: 1, lifts_requirement: 1,
    owner_loses_right: 1, takes_over: 1, taken_alias: 1, double_booking: 1,
}
HANDS = 4


def hand(seed, random, names):
    """The plots that the episode SEED begins with, the last one first. Those of four seeds in a row are all that there are, so that
    none waits long for chance to choose it. NAMES: only plots of these names, or all where it is empty."""
    hands = [[] for _ in range(HANDS)]
    for place, (plot, weight) in enumerate(WEIGHTS.items()):
        for i in range(weight):
            hands[(place + i * HANDS // weight) % HANDS].append(plot)
    found = [p for p in hands[seed % HANDS] if not names or p.__name__ in names]
    random.shuffle(found)
    # Plots of single guards are the surest: they come first.
    return sorted(found, key=lambda p: p.__module__ == guards.__name__)


def draw(random, names):
    """A plot by its weight."""
    plots = [p for p in WEIGHTS if not names or p.__name__ in names]
    return random.choices(plots, [WEIGHTS[p] for p in plots])[0]
