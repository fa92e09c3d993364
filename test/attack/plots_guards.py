"""Plots that each try single guards, on rows that they make for themselves.

Other plots and most random moves do not touch these rows, so a guard that is missing shows within a few requests: no plot needs
luck to get to the point."""
import json

import authority as au
import world as w
from client import Request
from plot_tools import base_change, enact, needs_of, newest, revoke, rule_change, rule_for, sc_path, sign


def new_name(m, prefix):
    """A release name that nothing else uses, and that random moves leave alone."""
    name = f"{prefix}-{100 + m.fresh()}"
    m.reserved.add(name)
    return name


def one_locale(m, name, locale):
    return {"platforms": {w.PLATFORM: {"locales": {locale: w.locale_of(name, "112.0", f"{m.fresh()}-g")}}}}


# ---- read-only ----

def locked_v2(m, blob, scheduled):
    """Makes a v2 release that nothing names, schedules the change SCHEDULED (base, locale or None) of it, and makes it read-only.
    Returns its name, and its data_version or None."""
    name = new_name(m, "Fx" if blob is w.app_blob else "Part")
    path = f"/v2/releases/{name}"
    yield Request(w.BOSS, "PUT", path, {"product": w.product_of(name), "blob": blob(name, m.fresh())})
    if scheduled == "base":
        yield Request(w.BOSS, "POST", path, {"blob": base_part(m, name, blob), "old_data_versions": {".": 1}, "when": m.when()})
    elif scheduled == "locale":
        yield Request(w.BOSS, "POST", path, {"blob": one_locale(m, name, "it"), "old_data_versions": {}, "when": m.when()})
    state = yield Request(m.pick((w.MACHINE, w.BOSS)), "PUT", f"{path}/read_only", {"read_only": True, "old_data_version": 1})
    row = state.live["releases_json"].get((name,))
    return name, row["data_version"] if row and row["read_only"] else None


def base_part(m, name, blob):
    """What changes the base of a v2 release alone. One for add-ons has no locales, whose guards would stand in for the base's."""
    return base_change(m) if blob is w.app_blob else w.part_blob(name, m.fresh())


def read_only_v2_enacted(m, state):
    """A change of a v2 release is scheduled; the release becomes read-only; the change is enacted, and the release deleted."""
    blob = m.pick((w.app_blob, w.part_blob, w.part_blob, w.part_blob))
    scheduled = "base" if blob is w.part_blob else m.pick(("base", "locale"))
    name, version = yield from locked_v2(m, blob, scheduled)
    if version:
        yield Request(w.BOSS, "POST", f"/v2/releases/{name}/enact", {})
        yield Request(w.BOSS, "DELETE", f"/v2/releases/{name}")


def read_only_v2_written(m, state):
    """The base and a locale of a read-only v2 release are written and scheduled, and it is deleted."""
    blob = m.pick((w.app_blob, w.part_blob))
    name, version = yield from locked_v2(m, blob, None)
    if version is None:
        return
    path = f"/v2/releases/{name}"
    change = {"blob": base_part(m, name, blob), "old_data_versions": {".": version}}
    yield Request(w.BOSS, "POST", path, change)
    yield Request(w.BOSS, "POST", path, {**change, "when": m.when()})
    if blob is w.app_blob:
        yield Request(w.BOSS, "POST", path, {"blob": one_locale(m, name, "it"), "old_data_versions": {}})
    else:
        yield Request(w.BOSS, "PUT", path, {**change, "blob": w.part_blob(name, m.fresh())})
    yield Request(w.BOSS, "DELETE", path)


def read_only_v1(m, state):
    """A v1 release that nothing names becomes read-only; then it is written and deleted, directly and by schedules."""
    name = new_name(m, m.pick(("Fx", "Tb")))
    blob = w.app_blob(name, m.fresh())
    yield Request(w.BOSS, "POST", "/releases", w.v1_body(name, blob))
    change = {"name": name, "change_type": "delete", "when": m.when(), "data_version": 1}
    if m.chance(0.5):
        change.update(change_type="update", product=w.product_of(name), data=json.dumps(w.app_blob(name, m.fresh())))
    early = m.chance(0.3)  # scheduled before it is read-only
    if early:
        yield Request(w.BOSS, "POST", "/scheduled_changes/releases", change)
    state = yield Request(m.pick((w.MACHINE, w.BOSS)), "PUT", f"/releases/{name}/read_only", {"read_only": True, "data_version": 1})
    row = state.live["releases"].get((name,))
    if row is None or not row["read_only"]:
        return
    version = row["data_version"]
    if not early:
        yield Request(w.BOSS, "DELETE", f"/releases/{name}?data_version={version}")
        yield Request(w.BOSS, "PUT", f"/releases/{name}", w.v1_body(name, w.app_blob(name, m.fresh()), data_version=version))
        yield Request(w.BOSS, "POST", "/scheduled_changes/releases", {**change, "data_version": version})
    state = yield None
    scheduled = newest(state, "releases", name=name)
    if scheduled:
        yield enact(scheduled)


# ---- sign-offs ----

def signed_rule(m, state, name):
    """Schedules a new rule of Firefox's protected channel that leads to the release NAME, and has it signed by as many as it
    needs. Returns the change, or None."""
    body = {**w.rule_body(w.FX, "release", name, m.random.randint(1, 4)), "change_type": "insert", "when": m.when()}
    state = yield Request(m.pick(a for a in (w.REL, w.BOSS) if au.holds(state, a, "rule", ["create"], w.FX)), "POST",
                          "/scheduled_changes/rules", body)
    change = newest(state, "rules", mapping=name)
    if change is None:
        return None
    for role, count in sorted(needs_of(state, change).items()):
        signed = state.signed(change)
        able = sorted(u for u in au.holders(state, role) - set(signed) - au.SYSTEM_ACCOUNTS if au.is_known(state, u))
        missing = count - sum(r == role for r in signed.values())
        for user in m.random.sample(able, min(max(missing, 0), len(able))):
            state = yield sign(change, user, role)
    return change


def stranger(m, state, change, role):
    """Somebody who may not take back a sign-off of ROLE."""
    product = change.row["product"]
    return m.pick(a for a in w.ACTORS if a not in (w.NOBODY, w.ANONYMOUS) and a not in au.SYSTEM_ACCOUNTS and
                  au.is_known(state, a) and role not in au.roles(state, a) and not au.is_admin(state, a, [product]))


def signed_and_then(m, state):
    """A change is signed; somebody signs another version of it, a stranger takes a sign-off back, the content that it leads to
    changes; then it is enacted."""
    name = new_name(m, "Fx")
    v2 = m.chance(0.85)
    if v2:
        yield Request(w.BOSS, "PUT", f"/v2/releases/{name}", {"product": w.FX, "blob": w.app_blob(name, m.fresh())})
    else:
        yield Request(w.BOSS, "POST", "/releases", w.v1_body(name, w.app_blob(name, m.fresh())))
    state = yield None
    change = yield from signed_rule(m, state, name)
    state = yield None
    signed = sorted(state.signed(change).items()) if change else ()
    if not signed:
        return
    user, role = m.pick(signed)
    yield sign(change, user, role, sc_data_version=change.version + m.pick((1, 2)))
    if v2:
        yield Request(w.BOSS, "POST", f"/v2/releases/{name}", {
            "blob": one_locale(m, name, "de"), "old_data_versions": {"platforms": {w.PLATFORM: {"locales": {"de": 1}}}}})
    else:
        yield Request(w.BOSS, "PUT", f"/releases/{name}", w.v1_body(name, w.app_blob(name, m.fresh()), data_version=1))
    state = yield enact(change)
    user, role = m.pick(sorted(state.signed(change).items()) or [(user, role)])
    who = stranger(m, state, change, role)
    if who:
        yield revoke(change, who, user)
    yield Request(change.by, "DELETE", f"{sc_path(change)}?data_version={change.version}")


def leaves_protection(m, state):
    """A rule of a protected channel is moved to where nothing is required: directly, and by a schedule that nobody else signs."""
    product, channel = m.pick(((w.FX, "release"), (w.FX, "release"), (w.SA, "guarded")))
    rule = rule_for(state, m, product, channel)
    if rule is None:
        return
    def free(p, c):
        needs = {}
        au.needs_product(state, p, c, needs)
        return not needs
    where = m.pick((p, c) for p, channels in w.CHANNELS.items() for c in channels if free(p, c))
    if where is None:
        return
    aim = {"product": where[0], "channel": where[1]}
    state = yield Request(w.BOSS, "POST", f"/rules/{rule['rule_id']}", {**aim, "data_version": rule["data_version"]})
    rule = state.live["rules"].get((rule["rule_id"],))
    if rule is None:
        return
    state = yield Request(w.BOSS, "POST", "/scheduled_changes/rules", rule_change(rule, m, **aim))
    change = newest(state, "rules", rule_id=rule["rule_id"], **aim)
    if change:
        yield enact(change)
        yield Request(w.BOSS, "DELETE", f"{sc_path(change)}?data_version={change.version}")


# ---- roles ----

def new_signer(m, state, by):
    """BY makes an account with one permission and a role; returns its name and the role."""
    ghost, role = f"ghost{m.fresh()}@example.com", m.pick(("relman", "releng"))
    # A permission for a product without requirements needs no sign-offs.
    yield Request(by, "PUT", f"/users/{ghost}/permissions/rule", w.permission_body({"products": [w.TB]}))
    yield Request(by, "PUT", f"/users/{ghost}/roles/{role}", {})
    return ghost, role


def roles_go_along(m, state):
    """An account with a role loses its only permission: directly or by a schedule."""
    ghost, _ = yield from new_signer(m, state, m.pick((w.BOSS, w.BOSS2)))
    if m.chance(0.3):
        state = yield Request(w.BOSS, "POST", "/scheduled_changes/permissions", {
            "username": ghost, "permission": "rule", "change_type": "delete", "when": m.when(), "data_version": 1})
        change = newest(state, "permissions", username=ghost)
        if change:
            yield enact(change)
    else:
        yield Request(w.BOSS, "DELETE", f"/users/{ghost}/permissions/rule?data_version=1")


def confirms_alone(m, state):
    """Where permissions need sign-offs: a role is confirmed by the one who granted it, then by the one who got it."""
    if not au.confirmation_needed(state):
        yield Request(w.BOSS, "POST", "/required_signoffs/permissions", {"product": w.FX, "role": "secops", "signoffs_required": 1})
    ghost, role = yield from new_signer(m, state, w.BOSS2)
    yield Request(w.BOSS2, "POST", f"/users/{ghost}/roles/{role}/confirm", {})
    yield Request(w.BOSS, "PUT", f"/users/{w.BOSS2}/roles/{role}", {})
    yield Request(w.BOSS2, "POST", f"/users/{w.BOSS2}/roles/{role}/confirm", {})
    yield Request(m.pick((w.BOSS, w.PERM, w.PERM2)), "POST", f"/users/{ghost}/roles/{role}/confirm", {})
