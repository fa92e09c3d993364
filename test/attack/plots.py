"""Short attacks that chance alone would seldom play: each yields requests and is sent the state before its next one.

They are played among random moves, which disturb them. A plot ends early (returns) when what it needs is not there."""
import json

import authority as au
import world as w
from client import Request
from moves import KIND_OF


def newest(state, table, **columns):
    """The newest pending change of TABLE whose row has these COLUMNS, or None."""
    fits = [c for c in state.pending(table) if all(c.row.get(k) == v for k, v in columns.items())]
    return max(fits, key=lambda c: c.id) if fits else None


def sc_path(change, what=""):
    return f"/scheduled_changes/{KIND_OF[change.table]}/{change.id}{what}"


def sign(change, user, role, **more):
    return Request(user, "POST", sc_path(change, "/signoffs"), {"role": role, **more})


def revoke(change, user, whose=None):
    return Request(user, "DELETE", sc_path(change, "/signoffs") + (f"?username={whose}" if whose else ""))


def enact(change, user=w.BOSS):
    return Request(user, "POST", sc_path(change, "/enact"), {})


def rule_for(state, m, product, channel):
    return m.pick(r for r in state.live["rules"].values() if (r["product"], r["channel"]) == (product, channel))


def rule_change(rule, m, **columns):
    names = ("alias", "product", "channel", "priority", "mapping", "fallbackMapping", "backgroundRate", "update_type", "comment")
    return {**{n: rule[n] for n in names}, "rule_id": rule["rule_id"], "data_version": rule["data_version"],
            "change_type": "update", "when": m.when(), **columns}


def signed_rule_change(m, state, mapping):
    """Schedules a change of Firefox's protected rule to MAPPING and has it signed by all; returns the change or None."""
    rule = rule_for(state, m, w.FX, "release")
    if rule is None:
        return None
    state = yield Request(w.REL, "POST", "/scheduled_changes/rules", rule_change(rule, m, mapping=mapping))
    change = newest(state, "rules", rule_id=rule["rule_id"], mapping=mapping)
    if change is not None:
        state = yield sign(change, m.pick((w.MAN, w.MAN2)), "relman")
        state = yield sign(change, w.REL, "releng")
    return change


def base_change(m):
    """A part of a v2 blob that changes its base alone."""
    return {"platforms": {w.PLATFORM: {"OS_BOUNCER": f"b{m.fresh()}"}}}


def unmapped(m, state, names):
    used = au.mapped_releases(state)
    return m.pick([n for n in names if n not in used and state.served_row(n)])


# ---- content ----

def content_after_sign_off(m, state):
    """What a signed rule change leads to is changed before it is enacted."""
    name = unmapped(m, state, ("Fx-1", "Fx-4", "Fx-3"))
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


# ---- whose word counts ----

def merge_signs_again(m, state):
    """An unprotected rule is to move to a protected channel. Its owner withdraws; somebody edits the rule directly."""
    rule = rule_for(state, m, w.FX, "nightly")
    if rule is None:
        return
    state = yield Request(w.REL, "POST", "/scheduled_changes/rules", rule_change(rule, m, channel="release", priority=99))
    change = newest(state, "rules", rule_id=rule["rule_id"])
    if change is None:
        return
    order = [sign(change, w.MAN, "relman"), revoke(change, w.REL)]
    m.random.shuffle(order)
    for request in order[:m.pick((1, 2, 2))]:
        yield request
    state = yield None
    rule = state.live["rules"].get((rule["rule_id"],))
    if rule:
        yield Request(m.pick((w.REL2, w.FX_ADMIN)), "POST", f"/rules/{rule['rule_id']}", {"comment": f"c{m.fresh()}", "data_version": rule["data_version"]})
    yield sign(change, w.MAN, "relman")
    yield enact(change)


def signer_loses_role(m, state):
    """Somebody who has signed loses the role, or all permissions, before the change is enacted."""
    name = unmapped(m, state, ("Fx-1", "Fx-4", "Fx-3"))
    change = yield from signed_rule_change(m, state, name) if name else ()
    if not change:
        return
    state = yield None
    for user, role in sorted(state.signed(change).items())[:m.pick((1, 2))]:
        row = state.live["user_roles"].get((user, role))
        if row:
            state = yield Request(w.BOSS2, "DELETE", f"/users/{user}/roles/{role}?data_version={row['data_version']}")
    yield enact(change)


def edit_after_sign_off(m, state):
    """A signed change is edited, or goes back to what it was, and is enacted with the old sign-offs."""
    name = unmapped(m, state, ("Fx-1", "Fx-4", "Fx-3"))
    change = yield from signed_rule_change(m, state, name) if name else ()
    if not change:
        return
    other = m.pick(("Fx-1", "Fx-2", "Fx-3"))
    state = yield Request(m.pick((w.REL2, w.BOSS, w.FX_ADMIN)), "POST", sc_path(change), {
        "mapping": other, "data_version": change.row["data_version"], "sc_data_version": change.version, "when": m.when()})
    if m.chance(0.4):
        last = state.history["rules_scheduled_changes_history"][1]
        yield Request(w.REL2, "POST", sc_path(change, "/revisions"), {"change_id": m.random.randint(max(1, last - 3), max(1, last))})
    yield sign(change, w.MAN, "relman", sc_data_version=m.pick((change.version, change.version + 1)))
    yield enact(change)


def complete_signed(m, state):
    """Sign-offs of an enacted change are given and withdrawn, and it is enacted once more."""
    done = [c for t in KIND_OF for c in state.changes[t].values() if c.complete]
    change = m.pick(done)
    if change is None:
        state = yield Request(w.BOSS, "POST", "/scheduled_changes/rules", {**w.rule_body(w.FX, "beta", "Fx-1", 5), "change_type": "insert", "when": m.when()})
        change = newest(state, "rules", mapping="Fx-1", channel="beta")
        if change is None:
            return
        yield sign(change, w.REL, "releng")
        yield enact(change)
    yield sign(change, m.pick((w.REL2, w.MAN)), m.pick(("releng", "relman")))
    yield revoke(change, w.BOSS, w.REL)
    yield revoke(change, w.REL)
    yield enact(change)


def stranger_revokes(m, state):
    """A limited administrator of another product takes others' sign-offs back, and drops their changes."""
    name = unmapped(m, state, ("Fx-1", "Fx-4", "Fx-3"))
    change = yield from signed_rule_change(m, state, name) if name else ()
    if not change:
        return
    yield revoke(change, w.TB_ADMIN, w.REL)
    yield revoke(change, w.TB_ADMIN, w.MAN)
    state = yield revoke(change, m.pick((w.TB_REL, w.PERM)), w.REL)
    change = newest(state, "rules", rule_id=change.row["rule_id"])
    if change:
        yield Request(w.TB_ADMIN, "DELETE", f"{sc_path(change)}?data_version={change.version}")


def signs_for_another(m, state):
    """Signs in another's name, with another's role, twice."""
    change = m.pick(c for c in state.all_pending() if c.table in KIND_OF)
    if change is None:
        return
    yield sign(change, w.TB_REL, "releng", username=w.REL)
    yield sign(change, m.pick((w.TB_REL, w.BOSS, w.AGENT)), m.pick(w.ROLES))
    yield sign(change, w.BOTH, "releng")
    yield sign(change, w.BOTH, "relman")
    yield enact(change)


def machine_signs(m, state):
    """The agent's account gets a role and signs."""
    rule = rule_for(state, m, w.SA, "guarded")
    if rule is None:
        return
    yield Request(w.BOSS, "PUT", f"/users/{w.AGENT}/roles/relman", {})
    state = yield Request(w.REL, "POST", "/scheduled_changes/rules", rule_change(rule, m, priority=m.random.randint(60, 99)))
    change = newest(state, "rules", rule_id=rule["rule_id"])
    if change:
        yield sign(change, w.AGENT, "relman")
        yield enact(change)


def last_holders(m, state):
    """A role that is required is taken from all who hold it."""
    needed = sorted({key[-1] for t in ("product_req_signoffs", "permissions_req_signoffs") for key in state.live[t]})
    role = m.pick(needed)
    for user in sorted(au.holders(state, role)):
        row = state.live["user_roles"].get((user, role))
        if row:
            state = yield Request(w.BOSS, "DELETE", f"/users/{user}/roles/{role}?data_version={row['data_version']}")


def role_of_one(m, state):
    """Where permissions need sign-offs: one person makes accounts with roles and lets them sign."""
    ghost = f"ghost{m.fresh()}@example.com"
    if not au.confirmation_needed(state):
        state = yield Request(w.BOSS, "POST", "/required_signoffs/permissions", {"product": w.FX, "role": "secops", "signoffs_required": 1})
    # A permission for a product without requirements needs no sign-offs.
    yield Request(w.BOSS2, "PUT", f"/users/{ghost}/permissions/rule", w.permission_body({"products": [w.TB]}))
    yield Request(w.BOSS2, "PUT", f"/users/{ghost}/roles/relman", {})
    if m.chance(0.6):
        yield Request(m.pick((w.BOSS2, w.TB_ADMIN, ghost, w.BOSS)), "POST", f"/users/{ghost}/roles/relman/confirm", {})
    state = yield None
    rule = rule_for(state, m, w.SA, "guarded")
    if rule is None:
        return
    state = yield Request(w.BOSS2, "POST", "/scheduled_changes/rules", rule_change(rule, m, priority=m.random.randint(60, 99)))
    change = newest(state, "rules", rule_id=rule["rule_id"])
    if change:
        yield sign(change, ghost, "relman")
        yield enact(change, w.BOSS2)


# ---- releases ----

def read_only_at_enact(m, state):
    """A change of a release is scheduled; the release becomes read-only; the change is enacted. v1 and v2, base and locale."""
    if m.chance(0.5):
        name = m.pick(("Fx-1", "Tb-1"))
        row = state.live["releases"].get((name,))
        if row is None:
            return
        kind = m.pick(("update", "update", "delete"))
        body = {"name": name, "change_type": kind, "when": m.when(), "data_version": row["data_version"]}
        if kind == "update":
            body.update(product=row["product"], data=json.dumps(w.app_blob(name, m.fresh())))
        state = yield Request(w.BOSS, "POST", "/scheduled_changes/releases", body)
        row = state.live["releases"].get((name,)) or row
        state = yield Request(w.MACHINE, "PUT", f"/releases/{name}/read_only", {"read_only": True, "data_version": row["data_version"]})
        change = newest(state, "releases", name=name)
        if change:
            yield enact(change)
        return
    name = m.pick(("Fx-4", "Tb-2"))
    row = state.live["releases_json"].get((name,))
    if row is None:
        return
    body = {"blob": base_change(m), "old_data_versions": {".": row["data_version"]}, "when": m.when()}
    if m.chance(0.6):
        body = {"blob": {"platforms": {w.PLATFORM: {"locales": {"it": w.locale_of(name, w.APPS[name][1], f"{m.fresh()}-r")}}}},
                "old_data_versions": {}, "when": m.when()}
    state = yield Request(w.BOSS, "POST", f"/v2/releases/{name}", body)
    row = state.live["releases_json"].get((name,)) or row
    yield Request(w.MACHINE, "PUT", f"/v2/releases/{name}/read_only", {"read_only": True, "old_data_version": row["data_version"]})
    yield Request(w.BOSS, "POST", f"/v2/releases/{name}/enact", {})


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


def shadow(m, state):
    """One name in both release tables, by somebody with rights for one of the products alone."""
    name = m.pick(("Fx-3", "Fx-4", "Tb-2", "Fx-1", "Tb-1"))
    v2 = (name,) in state.live["releases_json"]
    if v2:
        product = m.pick((w.FX, w.TB))
        body = {"product": product, "schema_version": 9, "hashFunction": "sha512", "data": json.dumps(w.locale_of(name, "112.0", f"{m.fresh()}-s"))}
        yield Request(m.pick((w.MACHINE, w.BOSS)), "PUT", f"/releases/{name}/builds/{w.PLATFORM}/xx", body)
        yield Request(w.BOSS, "POST", "/releases", w.v1_body(name, w.app_blob(name, m.fresh()), product=product))
        state = yield Request(w.BOSS, "POST", "/scheduled_changes/releases", {
            "name": name, "product": product, "change_type": "insert", "when": m.when(), "data": json.dumps(w.app_blob(name, m.fresh()))})
        change = newest(state, "releases", name=name)
        if change:
            yield enact(change)
        return
    actor, product = m.pick(((w.TB_REL, w.TB), (w.REL2, w.FX), (w.BOSS, w.TB), (w.BOSS, w.FX)))
    state = yield Request(actor, "PUT", f"/v2/releases/{name}", {"product": product, "blob": w.app_blob(name, m.fresh())})
    row = state.live["releases"].get((name,))
    if row and (name,) in state.live["releases_json"]:
        yield Request(m.pick((w.TB_REL, w.REL2)), "PUT", f"/releases/{name}", w.v1_body(name, w.app_blob(name, m.fresh()), data_version=row["data_version"], product=row["product"]))
        yield Request(w.BOSS, "DELETE", f"/releases/{name}?data_version={row['data_version']}")


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


# ---- any scheduled change ----

def needs_of(state, change):
    old = state.live[change.table].get(change.key)
    new = None if change.type == "delete" else change.row
    return au.needs_of(state, change.table, old, new) if old or new else {}


def signature(change, user, role):
    if change.table in KIND_OF:
        return sign(change, user, role)
    return Request(user, "PUT", f"/v2/releases/{change.row['name']}/signoff", {"role": role})


def disturbance(m, state, change, signers):
    """Something that takes the change's right to be enacted away, or None."""
    user, role = m.pick(signers)
    what = m.pick(("nothing", "nothing", "revoke", "role", "permission", "edit", "direct", "owner"))
    if what == "revoke":
        path = sc_path(change, "/signoffs") if change.table in KIND_OF else f"/v2/releases/{change.row['name']}/signoff"
        return Request(user, "DELETE", path)
    if what == "role" and (user, role) in state.live["user_roles"]:
        return Request(w.BOSS, "DELETE", f"/users/{user}/roles/{role}?data_version={state.live['user_roles'][(user, role)]['data_version']}")
    if what in ("permission", "owner"):
        whose = user if what == "permission" else change.by
        key = m.pick(k for k in state.live["permissions"] if k[0] == whose and k[0] != w.BOSS)
        if key:
            return Request(w.BOSS, "DELETE", f"/users/{whose}/permissions/{key[1]}?data_version={state.live['permissions'][key]['data_version']}")
    if what == "direct":
        return m.rule_update(state) if change.table == "rules" else m.v1_part(state) if change.table == "releases" else m.v2_merge(state)
    return m.edit(state) if what == "edit" else None


def sign_and_enact(m, state):
    """Gives a pending change the sign-offs that it needs, or one fewer, perhaps disturbs it, and enacts it."""
    pending = [c for c in state.all_pending() if needs_of(state, c)] or state.all_pending()
    change = m.pick(pending)
    if change is None:
        return
    signers = []
    for role, count in sorted(needs_of(state, change).items()):
        able = sorted(au.holders(state, role) - {u for u, _ in signers})
        signers += [(u, role) for u in m.random.sample(able, min(count, len(able)))]
    m.random.shuffle(signers)
    for user, role in signers[m.pick((0, 0, 0, 1)):]:
        state = yield signature(change, user, role)
    request = disturbance(m, state, change, signers) if signers else None
    if request is not None:
        yield request
    actor = m.pick((w.BOSS, w.AGENT, w.BOTH))
    path = sc_path(change, "/enact") if change.table in KIND_OF else f"/v2/releases/{change.row['name']}/enact"
    yield Request(actor, "POST", path, {})


def protected_release(m, state):
    """A release that protected channels lead to is changed by a schedule: v1, v2 base, v2 locale."""
    names = [n for n in sorted(au.mapped_releases(state)) if n in w.APPS]
    name = m.pick(names)
    if name is None:
        return
    if (name,) in state.live["releases_json"]:
        blob = base_change(m) if m.chance(0.5) else {"platforms": {w.PLATFORM: {"locales": {
            "de": w.locale_of(name, w.APPS[name][1], f"{m.fresh()}-p")}}}}
        body = {"blob": blob, "old_data_versions": m.versions_of(state, name)}
        yield Request(w.REL, "POST", f"/v2/releases/{name}", dict(body))
        yield Request(w.REL, "POST", f"/v2/releases/{name}", {**body, "when": m.when()})
        yield Request(w.BOSS, "POST", f"/v2/releases/{name}/enact", {})
    else:
        row = state.live["releases"][(name,)]
        body = {"name": name, "product": row["product"], "data": json.dumps(w.app_blob(name, m.fresh())), "data_version": row["data_version"]}
        yield Request(w.REL, "PUT", f"/releases/{name}", w.v1_body(name, w.app_blob(name, m.fresh()), data_version=row["data_version"]))
        state = yield Request(w.REL, "POST", "/scheduled_changes/releases", {**body, "change_type": "update", "when": m.when()})
        change = newest(state, "releases", name=name)
        if change:
            yield enact(change)
    yield from sign_and_enact(m, state)


def ends_shutoff(m, state):
    """A shutoff of a protected channel is to end: directly, and scheduled without and with sign-offs."""
    state = yield Request(w.MAN2, "POST", "/emergency_shutoff", {"product": w.FX, "channel": "release", "comment": "stop"})
    row = state.live["emergency_shutoffs"].get((w.FX, "release"))
    if row is None:
        return
    state = yield Request(m.pick((w.MAN, w.FX_ADMIN)), "DELETE", f"/emergency_shutoff/{w.FX}/release?data_version={row['data_version']}")
    state = yield Request(w.MAN, "POST", "/scheduled_changes/emergency_shutoff", {
        "product": w.FX, "channel": "release", "data_version": row["data_version"], "change_type": "delete", "when": m.when()})
    change = newest(state, "emergency_shutoffs", channel="release")
    if change:
        state = yield enact(change)
        yield from sign_and_enact(m, state)


def row_is_gone(m, state):
    """Another program deletes a rule for which a change is scheduled; somebody of another product drops that change."""
    rule = rule_for(state, m, w.FX, "nightly")
    if rule is None:
        return
    kind = m.pick(("update", "delete"))
    body = rule_change(rule, m, comment=f"c{m.fresh()}") if kind == "update" else {
        "rule_id": rule["rule_id"], "data_version": rule["data_version"], "change_type": "delete", "when": m.when()}
    yield Request(w.REL, "POST", "/scheduled_changes/rules", body)
    state = yield Request("reference", "SQL", f"DELETE FROM rules WHERE rule_id = {rule['rule_id']}")
    change = newest(state, "rules", rule_id=rule["rule_id"])
    if change:
        yield Request(m.pick((w.TB_ADMIN, w.TB_REL)), "DELETE", f"{sc_path(change)}?data_version={change.version}")


# ---- the rest ----

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


PLOTS = [
    content_after_sign_off, content_after_sign_off, member_of_protected, member_after_sign_off, pinned_release,
    merge_signs_again, signer_loses_role, edit_after_sign_off, complete_signed, stranger_revokes, signs_for_another, machine_signs, last_holders, role_of_one,
    sign_and_enact, sign_and_enact, sign_and_enact, sign_and_enact, protected_release, protected_release, ends_shutoff, row_is_gone,
    read_only_at_enact, read_only_at_enact, unlock, shadow, blob_of_another, delete_named, delete_named, odd_pin, pin_then_newer, other_product,
    grants_himself, lifts_requirement, owner_loses_right, half_a_right, taken_alias, double_booking,
]
