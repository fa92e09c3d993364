"""Plots about releases: their content after a sign-off, members, read-only, names in both tables, and deletion."""
import json

import world as w
from client import Request
from plot_tools import base_change, enact, newest, rule_change, rule_for, sign, signed_rule_change, unprotected


# ---- content ----

def content_after_sign_off(m, state):
    """What a signed rule change leads to is changed before it is enacted."""
    name = unprotected(m, state)
    change = yield from signed_rule_change(m, state, name) if name else ()
    if not change:
        return
    state = yield None
    row = state.served_row(name)
    if row and (name,) in state.live["releases_json"]:
        locale = state.assets(name).get(f".platforms.{w.PLATFORM}.locales.de")
        said = {"platforms": {w.PLATFORM: {"locales": {"de": locale["data_version"] if locale else 1}}}}
        blob = {"platforms": {w.PLATFORM: {"locales": {"de": w.locale_of(name, w.APPS[name][1], f"{m.fresh()}-e")}}}}
        yield Request(w.MACHINE, "POST", f"/v2/releases/{name}", {"blob": blob, "old_data_versions": said})
    elif row:
        body = w.v1_body(name, w.app_blob(name, m.fresh()), data_version=row["data_version"])
        yield Request(w.REL2, "PUT", f"/releases/{name}", body)
    yield enact(change, m.pick((w.BOSS, w.AGENT, w.BOTH)))


def member_of_protected(m, state):
    """A member of a protected superblob is changed or deleted directly."""
    name = m.pick(w.PARTS)
    row = state.served_row(name)
    if row is None:
        return
    if (name,) in state.live["releases_json"]:
        if m.chance(0.3):
            yield Request(w.REL, "DELETE", f"/v2/releases/{name}")
        state = yield Request(w.REL, "PUT", f"/v2/releases/{name}", {
            "blob": w.part_blob(name, m.fresh()), "old_data_versions": {".": row["data_version"]}})
    else:
        if m.chance(0.3):
            yield Request(w.REL, "DELETE", f"/releases/{name}?data_version={row['data_version']}")
        yield Request(w.REL2, "PUT", f"/releases/{name}", w.v1_body(name, w.part_blob(name, m.fresh()), data_version=row["data_version"]))


def member_after_sign_off(m, state):
    """A superblob is about to be mapped on a protected channel; a member changes after the sign-offs."""
    rule = rule_for(state, m, w.SA, "guarded")
    if rule is None:
        return
    state = yield Request(w.REL, "POST", "/releases", w.v1_body("Part-3", w.part_blob("Part-3", m.fresh())))
    state = yield Request(w.REL, "POST", "/releases", w.v1_body("Super-3", w.super_blob("Super-3", ["Part-3"])))
    state = yield Request(w.REL, "POST", "/scheduled_changes/rules", rule_change(rule, m, mapping="Super-3"))
    change = newest(state, "rules", rule_id=rule["rule_id"], mapping="Super-3")
    row = state.served_row("Part-3")
    if change is None or row is None:
        return
    yield sign(change, w.MAN, "relman")
    yield Request(w.REL2, "PUT", "/releases/Part-3", w.v1_body("Part-3", w.part_blob("Part-3", m.fresh()), data_version=row["data_version"]))
    yield enact(change)


def pinned_release(m, state):
    """A release that is pinned on a protected channel is changed directly."""
    name = "Fx-4"
    state = yield Request(w.REL, "PUT", f"/v2/releases/{name}/pinnable", {"product": w.FX, "channel": "release", "version": "111."})
    row = state.live["releases_json"].get((name,))
    if row is None:
        return
    yield Request(w.REL2, "POST", f"/v2/releases/{name}", {
        "blob": base_change(m), "old_data_versions": {".": row["data_version"]}})


# ---- releases ----

def is_writable(state, table, name):
    row = state.live[table].get((name,))
    return row is not None and not row["read_only"]


def read_only_at_enact(m, state):
    """A change of a release is scheduled; the release becomes read-only; the change is enacted. v1 and v2, base and locale."""
    if m.chance(0.5):
        name = m.pick(n for n in ("Fx-1", "Tb-1") if is_writable(state, "releases", n))
        if name is None:
            return
        row = state.live["releases"][(name,)]
        body = {"name": name, "change_type": "update", "when": m.when(), "data_version": row["data_version"],
                "product": row["product"], "data": json.dumps(w.app_blob(name, m.fresh()))}
        state = yield Request(w.BOSS, "POST", "/scheduled_changes/releases", body)
        row = state.live["releases"].get((name,)) or row
        state = yield Request(w.MACHINE, "PUT", f"/releases/{name}/read_only", {"read_only": True, "data_version": row["data_version"]})
        change = newest(state, "releases", name=name)
        if change:
            yield enact(change)
        return
    name = m.pick(n for n in ("Fx-4", "Tb-2") if is_writable(state, "releases_json", n))
    if name is None:
        return
    row = state.live["releases_json"][(name,)]
    body = {"blob": base_change(m), "old_data_versions": {".": row["data_version"]}, "when": m.when()}
    if m.chance(0.5):
        body = {"blob": {"platforms": {w.PLATFORM: {"locales": {"it": w.locale_of(name, w.APPS[name][1], f"{m.fresh()}-r")}}}},
                "old_data_versions": {}, "when": m.when()}
    state = yield Request(w.BOSS, "POST", f"/v2/releases/{name}", body)
    row = state.live["releases_json"].get((name,)) or row
    yield Request(w.MACHINE, "PUT", f"/v2/releases/{name}/read_only", {"read_only": True, "old_data_version": row["data_version"]})
    yield Request(w.BOSS, "POST", f"/v2/releases/{name}/enact", {})


def read_only_deleted(m, state):
    """A release that nothing names becomes read-only and is deleted: directly, and by a change scheduled before. v1 and v2."""
    name = m.pick(n for n in w.NEW if not state.release_tables(n))
    if name is None:
        return
    blob = w.app_blob(name, m.fresh())
    if m.chance(0.4):
        yield Request(w.BOSS, "PUT", f"/v2/releases/{name}", {"product": w.product_of(name), "blob": blob})
        yield Request(w.MACHINE, "PUT", f"/v2/releases/{name}/read_only", {"read_only": True, "old_data_version": 1})
        yield Request(w.BOSS, "DELETE", f"/v2/releases/{name}")
        return
    yield Request(w.BOSS, "POST", "/releases", w.v1_body(name, blob))
    if m.chance(0.5):
        yield Request(w.BOSS, "POST", "/scheduled_changes/releases", {"name": name, "change_type": "delete", "when": m.when(), "data_version": 1})
    state = yield Request(w.MACHINE, "PUT", f"/releases/{name}/read_only", {"read_only": True, "data_version": 1})
    change = newest(state, "releases", name=name)
    row = state.live["releases"].get((name,))
    if change:
        yield enact(change)
    elif row:
        yield Request(w.BOSS, "DELETE", f"/releases/{name}?data_version={row['data_version']}")


def unlock(m, state):
    """A read-only release of a product with required sign-offs is made writable without any."""
    name = m.pick(("Fx-1", "Fx-4"))
    table = "releases_json" if name == "Fx-4" else "releases"
    row = state.live[table].get((name,))
    if row is None:
        return
    v2 = "/v2" if table == "releases_json" else ""
    key = "old_data_version" if v2 else "data_version"
    if not row["read_only"]:
        state = yield Request(w.REL, "PUT", f"{v2}/releases/{name}/read_only", {"read_only": True, key: row["data_version"]})
        row = state.live[table].get((name,)) or row
    state = yield Request(m.pick((w.REL, w.MAN, w.TB_ADMIN)), "PUT", f"{v2}/releases/{name}/read_only", {"read_only": False, key: row["data_version"]})
    if v2:
        yield Request(w.BOSS, "POST", f"/v2/releases/{name}/enact", {})
    elif row:
        body = {"name": name, "change_type": "update", "when": m.when(), "data_version": row["data_version"], "read_only": False, "product": row["product"]}
        state = yield Request(w.REL, "POST", "/scheduled_changes/releases", body)
        change = newest(state, "releases", name=name)
        if change:
            yield enact(change)


def half_a_right(m, state):
    """A locale is submitted by the v1 route with one of the two permissions that it takes."""
    name = m.pick(("Fx-1", "Fx-2", "Tb-1", "Fx-5"))
    row = state.live["releases"].get((name,))
    body = {"product": w.product_of(name), "schema_version": 9, "hashFunction": "sha512",
            "data": json.dumps(w.locale_of(name, "112.0", f"{m.fresh()}-h"))}
    if row:
        body["data_version"] = row["data_version"]
    for actor in (w.LOCALIZER, w.REL2):
        yield Request(actor, "PUT", f"/releases/{name}/builds/{w.PLATFORM}/fr", body)


def v1_over_v2(m, state):
    """A v1 release of a v2 release's name: by a locale, directly, and by a schedule."""
    name = m.pick(n for n in ("Fx-3", "Fx-4", "Tb-2") if state.release_tables(n) == ["releases_json"])
    if name is None:
        return
    product = m.pick((w.FX, w.TB))
    body = {"product": product, "schema_version": 9, "hashFunction": "sha512", "data": json.dumps(w.locale_of(name, "112.0", f"{m.fresh()}-s"))}
    yield Request(m.pick((w.MACHINE, w.BOSS)), "PUT", f"/releases/{name}/builds/{w.PLATFORM}/xx", body)
    yield Request(w.BOSS, "POST", "/releases", w.v1_body(name, w.app_blob(name, m.fresh()), product=product))
    state = yield Request(w.BOSS, "POST", "/scheduled_changes/releases", {
        "name": name, "product": product, "change_type": "insert", "when": m.when(), "data": json.dumps(w.app_blob(name, m.fresh()))})
    change = newest(state, "releases", name=name)
    if change:
        yield enact(change)


def v2_over_v1(m, state):
    """A v2 release of a v1 release's name: by people who lack a right, for another product, and then properly."""
    name = m.pick(n for n in ("Fx-1", "Fx-2", "Tb-1") if state.release_tables(n) == ["releases"])
    if name is None:
        return
    right, wrong = (w.TB, w.FX) if w.product_of(name) == w.TB else (w.FX, w.TB)
    attempts = [(w.MAKER, right), (w.BOSS, wrong), (w.TB_REL, wrong), (w.MACHINE, wrong)]
    m.random.shuffle(attempts)
    for actor, product in attempts[:3] + [(m.pick((w.BOSS, w.REL2)), right)]:
        state = yield Request(actor, "PUT", f"/v2/releases/{name}", {"product": product, "blob": w.app_blob(name, m.fresh())})
    row = state.live["releases"].get((name,))
    if row and (name,) in state.live["releases_json"]:
        yield Request(m.pick((w.TB_REL, w.REL2)), "PUT", f"/releases/{name}", w.v1_body(
            name, w.app_blob(name, m.fresh()), data_version=row["data_version"], product=row["product"]))
        yield Request(w.BOSS, "DELETE", f"/releases/{name}?data_version={row['data_version']}")


def shadow_scheduled(m, state):
    """A new release is scheduled as v1 or v2; meanwhile one of its name is made in the other table; then the first is enacted."""
    name = m.pick(n for n in w.NEW if not state.release_tables(n))
    if name is None:
        return
    product, blob = w.product_of(name), w.app_blob(name, m.fresh())
    if m.chance(0.5):
        yield Request(w.BOSS, "PUT", f"/v2/releases/{name}", {"product": product, "blob": blob, "when": m.when()})
        yield Request(w.BOSS, "POST", "/releases", w.v1_body(name, w.app_blob(name, m.fresh()), product=m.pick((w.FX, w.TB))))
        yield Request(w.BOSS, "POST", f"/v2/releases/{name}/enact", {})
        return
    state = yield Request(w.BOSS, "POST", "/scheduled_changes/releases", {
        "name": name, "product": product, "change_type": "insert", "when": m.when(), "data": json.dumps(blob)})
    change = newest(state, "releases", name=name)
    yield Request(w.BOSS, "PUT", f"/v2/releases/{name}", {"product": product, "blob": w.app_blob(name, m.fresh())})
    if change:
        yield enact(change)


def blob_of_another(m, state):
    """A v2 blob that calls itself by another release's name."""
    yield Request(w.BOSS, "PUT", "/v2/releases/Tb-3", {"product": w.TB, "blob": w.app_blob("Tb-2", m.fresh())})


def delete_named(m, state):
    """A release is deleted that a rule, a pin, a superblob, a partial or a pending change of these names."""
    kind = m.pick(("rule change", "partial", "member", "pin", "superblob change", "pin change"))
    name = "Fx-5" if kind in ("rule change", "partial", "pin", "pin change") else "Part-4"
    v2 = m.chance(0.5) or kind.startswith("pin")
    blob = w.app_blob(name, m.fresh()) if name == "Fx-5" else w.part_blob(name, m.fresh())
    if v2:
        yield Request(w.BOSS, "PUT", f"/v2/releases/{name}", {"product": w.product_of(name), "blob": blob})
    else:
        yield Request(w.BOSS, "POST", "/releases", w.v1_body(name, blob))
    if kind == "rule change":
        yield Request(w.BOSS, "POST", "/scheduled_changes/rules", {**w.rule_body(w.FX, "nightly", name, 5), "change_type": "insert", "when": m.when()})
    elif kind == "partial":
        # What maps to it needs no sign-offs.
        yield Request(w.BOSS, "POST", "/releases", w.v1_body("Fx-6", w.app_blob("Fx-6", m.fresh(), "113.0", name)))
        yield Request(w.BOSS, "POST", "/rules", w.rule_body(w.FX, "nightly", "Fx-6", 5))
    elif kind == "member":
        yield Request(w.BOSS, "POST", "/releases", w.v1_body("Super-4", w.super_blob("Super-4", [name])))
    elif kind == "superblob change":
        yield Request(w.BOSS, "POST", "/scheduled_changes/releases", {"name": "Super-5", "product": w.SA, "change_type": "insert",
                                                                     "when": m.when(), "data": json.dumps(w.super_blob("Super-5", [name]))})
    else:
        body = {"product": w.FX, "channel": "nightly", "version": "112."}
        if kind == "pin change":
            body["when"] = m.when()
        yield Request(w.BOSS, "PUT", f"/v2/releases/{name}/pinnable", body)
    state = yield None
    row = state.served_row(name)
    if row and (name,) in state.live["releases_json"]:
        state = yield Request(w.BOSS, "DELETE", f"/v2/releases/{name}")
    elif row and m.chance(0.5):
        state = yield Request(w.BOSS, "DELETE", f"/releases/{name}?data_version={row['data_version']}")
    elif row:
        state = yield Request(w.BOSS, "POST", "/scheduled_changes/releases", {"name": name, "change_type": "delete", "when": m.when(), "data_version": row["data_version"]})
        change = newest(state, "releases", name=name)
        if change:
            state = yield enact(change)
    change = newest(state, "rules", mapping=name)
    if change:
        yield enact(change)


def release_is_gone(m, state):
    """Another program deletes the release that a scheduled rule or pin is to lead to; then it is enacted."""
    name = "Fx-5"
    table = m.pick(("rules", "rules", "pinnable_releases"))
    if table == "rules":
        yield Request(w.BOSS, "POST", "/releases", w.v1_body(name, w.app_blob(name, m.fresh())))
        rule = rule_for(state, m, w.FX, "nightly")
        body = {**w.rule_body(w.FX, "nightly", name, 5), "change_type": "insert", "when": m.when()}
        if rule is not None and m.chance(0.5):
            body = rule_change(rule, m, **m.pick(({"mapping": name}, {"fallbackMapping": name})))
        state = yield Request(w.REL, "POST", "/scheduled_changes/rules", body)
        change = max((c for c in state.pending("rules") if name in (c.row["mapping"], c.row["fallbackMapping"])),
                     key=lambda c: c.id, default=None)
    else:
        yield Request(w.BOSS, "PUT", f"/v2/releases/{name}", {"product": w.FX, "blob": w.app_blob(name, m.fresh())})
        state = yield Request(w.BOSS, "PUT", f"/v2/releases/{name}/pinnable", {
            "product": w.FX, "channel": "beta", "version": "112.", "when": m.when()})
        change = newest(state, table, mapping=name)
    if change is None:
        return
    for where in ("releases", "releases_json", "release_assets"):
        yield Request("reference", "SQL", f"DELETE FROM {where} WHERE name = '{name}'")
    yield enact(change)
