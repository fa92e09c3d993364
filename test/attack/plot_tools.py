"""What several plots need: requests about a scheduled change, and the way to a signed one."""
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


def unprotected(m, state):
    """A release of Firefox that may be changed directly, or None."""
    def needs(name):
        found = {}
        au.needs_release(state, name, found)
        return found
    return m.pick(n for n in w.APPS if w.product_of(n) == w.FX and state.served_row(n) and not needs(n))


def needs_of(state, change):
    old = state.live[change.table].get(change.key)
    new = None if change.type == "delete" else change.row
    return au.needs_of(state, change.table, old, new) if old or new else {}


def signature(change, user, role):
    if change.table in KIND_OF:
        return sign(change, user, role)
    return Request(user, "PUT", f"/v2/releases/{change.row['name']}/signoff", {"role": role})
