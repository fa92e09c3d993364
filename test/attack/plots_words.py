"""Plots about whose word counts: sign-offs, roles, and changes that are disturbed between their sign-offs and their end."""
import json

import authority as au
import world as w
from client import Request
from moves import KIND_OF
from plot_tools import (base_change, enact, needs_of, newest, revoke, rule_change, rule_for, sc_path, sign, signature,
                        signed_rule_change, unprotected)


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
    name = unprotected(m, state)
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
    name = unprotected(m, state)
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
    name = unprotected(m, state)
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


def last_permission(m, state):
    """Somebody who holds a role loses all permissions, and what was signed before is enacted."""
    having = {u for u, _ in state.live["user_roles"]} - {w.BOSS}
    user = m.pick(sorted(having, key=lambda u: (len(au.grants(state, u)), u))[:4])
    if user is None:
        return
    for name in sorted(au.grants(state, user)):
        version = state.live["permissions"][(user, name)]["data_version"]
        yield Request(w.BOSS, "DELETE", f"/users/{user}/permissions/{name}?data_version={version}")


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


# ---- any scheduled change ----

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
