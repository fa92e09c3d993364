"""Judges a step: whether each change of the database was justified by the requests that were on their way.

The model does not predict what the admin does. It holds what it observes against rules: who asked, what they may, which
sign-offs were needed, and who gave them by requests of their own on the very content that went live. Where several
requests succeeded at once, each rule may use the state before or the one after."""
import re

import authority as au
from aims import classify
from state import LIVE, SCHEDULED, parse

DATABASE_TEXT = re.compile(
    r"Duplicate entry|SQL syntax|Unknown column|Data too long|Deadlock|doesn't have a default|foreign key"
    r"|for key '|Out of range value|Lost connection|mysql|mariadb|balrog_[a-z]+_|_scheduled_changes", re.I)
PIN = re.compile(r"\d+\.(\d+\.)?")


class Violation:
    """RULE is the name of what was broken, TEXT what happened."""

    def __init__(self, rule, text):
        self.rule = rule
        self.text = text

    def __str__(self):
        return f"{self.rule}: {self.text}"


class Entry:
    """A sign-off as the model knows it: with the content that its giver may have seen."""

    def __init__(self, role, prints):
        self.role = role
        self.prints = set(prints)


class Model:
    def __init__(self):
        self.ledger = {}  # {(table, sc_id): {user: Entry}}
        self.unconfirmed = {}  # {(user, role): who granted it}
        self.busy = 0  # answers of 503
        self.signed = 0  # changes that needed sign-offs, had them, and were enacted
        self.found = []

    def fault(self, rule, text):
        self.found.append(Violation(rule, text))

    def step(self, before, after, exchanges, written, lost):
        """What is wrong with this step. WRITTEN: {history: [changed_by, …]}; LOST: histories that lost rows."""
        self.found = []
        for x in exchanges:
            x.what = classify(x.request)
        self.before, self.after = before, after
        self.done = [x for x in exchanges if x.done and x.request.method not in ("GET", "HEAD")]
        self.states = [before] if len(self.done) <= 1 else [before, after]
        self.answers(exchanges)
        if not self.done:
            if not before.same(after):
                self.fault("refused-but-written", "; ".join(before.differences(after)[:6]))
            return self.found
        self.check_roles()
        old_ledger = self.ledger
        self.check_signoffs()
        self.both_ledgers = [self.ledger, old_ledger]
        self.check_live()
        self.check_scheduled()
        self.check_releases()
        self.check_histories(written, lost)
        return self.found

    # ---- answers ----

    def answers(self, exchanges):
        for x in exchanges:
            if x.status == 503 and len(exchanges) > 1:
                self.busy += 1
            elif x.status >= 500 or x.status == 0:
                self.fault("server-error", f"{x.status} for {x.request.line()}: {x.text[:300]}")
            if x.status >= 400 and DATABASE_TEXT.search(x.text):
                self.fault("database-text", f"{x.text[:300]}")
            known = any(au.is_known(s, x.actor) for s in self.states)
            if x.done and x.request.method != "GET" and not known:
                self.fault("unknown-user", f"{x.actor} has no permission, and got {x.status}")

    # ---- roles and their confirmation ----

    def check_roles(self):
        b, a = self.before.live["user_roles"], self.after.live["user_roles"]
        for key in b.keys() - a.keys():
            self.unconfirmed.pop(key, None)
        for key in a.keys() - b.keys():
            if all(au.confirmation_needed(s) for s in self.states):
                by = [x.actor for x in self.done if "grant" in x.what.ops and (x.what.user, x.what.role) == key]
                self.unconfirmed[key] = by[0] if by else None
        for user, role in sorted(a):
            if au.is_known(self.before, user) and not au.is_known(self.after, user):
                self.fault("role-outlives-permissions", f"{user} has no permission any more, and is still {role}")
        for x in self.done:
            if "confirm" not in x.what.ops:
                continue
            key = (x.what.user, x.what.role)
            if not any(au.holds(s, x.actor, "permission", ["create", "modify"], None) for s in self.states):
                self.fault("confirm-without-permission", f"{x.actor} confirmed {key}")
            if key in self.unconfirmed and x.actor in (self.unconfirmed[key], key[0]):
                self.fault("confirmed-by-the-same", f"{x.actor} confirmed {key}, which {self.unconfirmed[key]} granted")
            self.unconfirmed.pop(key, None)

    def role_counts(self, state, user, role):
        waits = (user, role) in self.unconfirmed and au.confirmation_needed(state)
        return role in au.roles(state, user) and au.is_known(state, user) and not waits

    # ---- sign-offs ----

    def check_signoffs(self):
        ledger = {}
        for table in SCHEDULED:
            for sc_id in sorted(set(self.before.changes[table]) | set(self.after.changes[table])):
                was, now = self.before.changes[table].get(sc_id), self.after.changes[table].get(sc_id)
                if now is not None:
                    ledger[(table, sc_id)] = self.check_signed(was, now)
                if was is not None:
                    self.check_revoked(was, now)
        self.ledger = ledger

    def prints(self, *changes):
        return [au.fingerprint(s, c) for s in self.states for c in changes if c is not None]

    def own_request(self, change, user, ops):
        return any(x.actor == user and x.what.ops & ops and x.what.touches(change) for x in self.done)

    def check_signed(self, was, now):
        """The ledger's entries of a change, after the step."""
        had = self.before.signed(was) if was is not None else {}
        known = self.ledger.get((now.table, now.id), {})
        edited = was is not None and not was.complete and not now.complete and was.version != now.version
        entries = {}
        for user, role in self.after.signed(now).items():
            mine = self.own_request(now, user, {"sign", "schedule", "edit", "direct"})
            if had.get(user) == role and not edited:
                entries[user] = known.get(user) or Entry(role, [])
                if self.own_request(now, user, {"sign"}):
                    entries[user].prints.update(self.prints(was, now))
                continue
            if had.get(user) == role and not mine:
                self.fault("sign-off-outlives-edit", f"{user}'s sign-off of {now} stayed although it was edited")
            elif not mine:
                self.fault("sign-off-by-another", f"{now} got a sign-off of {user}, who did not ask for it")
            if user in au.SYSTEM_ACCOUNTS:
                self.fault("system-account-signs", f"{user} signed {now}")
            if not any(role in au.roles(s, user) for s in self.states):
                self.fault("sign-off-without-role", f"{user} signed {now} as {role}")
            if was is not None and was.complete:
                self.fault("complete-signed", f"{user} signed {now}, which is complete")
            entries[user] = Entry(role, self.prints(was, now))
        if was is not None and not was.complete:
            for x in self.done:
                if "sign" in x.what.ops and x.what.touches(now):
                    self.check_sign(x, was, now)
        return entries

    def check_sign(self, x, was, now):
        """A sign-off that was said to be given, of the change WAS, which is NOW."""
        if x.what.version is not None and not was.version <= x.what.version <= now.version:
            self.fault("signed-another-version", f"{now} was signed at {x.what.version}, and is {was.version}")
        if len(self.done) > 1:
            return
        role = (x.request.body or {}).get("role")
        if self.after.signed(now).get(x.actor) != role:
            self.fault("sign-off-not-recorded", f"{x.actor} signed {now} as {role}, and has {self.after.signed(now).get(x.actor)}")

    def check_revoked(self, was, now):
        kept = self.after.signed(now) if now is not None else {}
        gone = [(user, role) for user, role in self.before.signed(was).items() if user not in kept]
        if now is None or not gone or now.version - was.version > (now.complete and not was.complete):
            return  # dropped, or edited (and perhaps enacted, too)
        if was.complete:
            self.fault("complete-revoked", f"sign-offs of {was}, which is complete: {gone}")
        for user, role in gone:
            if not any(self.may_revoke(x, was, user, role) for x in self.done):
                self.fault("revoked-by-a-stranger", f"{user}'s sign-off of {was} was taken back")

    def may_revoke(self, x, change, user, role):
        if "revoke" not in x.what.ops or not x.what.touches(change) or x.what.user != user:
            return False
        if x.actor == user:
            return True
        products = self.products_of(change)
        return any(role in au.roles(s, x.actor) or au.is_admin(s, x.actor, products) for s in self.states)

    def products_of(self, change):
        """The products of a change's old and new row; None among them where it has none."""
        rows = [change.row] if change.type != "delete" else []
        old = self.before.live[change.table].get(change.key)
        rows += [old] if old is not None else []
        if change.table == "release_assets":
            return [au.release_product(self.before, change.row["name"])]
        return [row.get("product") for row in rows] or [None]

    # ---- live rows ----

    def check_live(self):
        for table in LIVE:
            b, a = self.before.live[table], self.after.live[table]
            for key in sorted(b.keys() | a.keys(), key=str):
                if b.get(key) != a.get(key):
                    self.check_row(table, key, b.get(key), a.get(key))

    def check_row(self, table, key, old, new):
        reasons = []
        for x in self.done:
            why = self.justify(x, table, key, old, new)
            if why is None:
                return
            reasons.append(f"{x.actor}: {why}")
        kind = "inserted" if old is None else "deleted" if new is None else "changed"
        wrong = {why.split(": ")[1].split(" ")[0] for why in reasons} - {"other"} or {"unasked"}
        self.fault("live-" + "/".join(sorted(wrong)), f"{table} {key} was {kind}; " + "; ".join(reasons))

    def justify(self, x, table, key, old, new):
        """None, or why the request does not justify the change. The first word is the kind of reason."""
        if table not in x.what.tables:
            return "other request"
        if "enact" in x.what.ops:
            return self.justify_enact(x, table, key, old, new)
        if "direct" not in x.what.ops:
            return "other request"
        if not any(self.may_direct(s, x, table, old, new) for s in self.views(table, key[0])):
            return f"permission lacking for {table}"
        if table == "user_roles":
            return None
        needs = [au.needs_of(s, table, old, new) for s in self.states]
        return None if {} in needs else f"sign-offs needed: {needs[0]}"

    def may_direct(self, state, x, table, old, new):
        if table == "user_roles":
            action = ["create"] if old is None else ["delete"]
            return au.holds(state, x.actor, "permission", action, None)
        if x.what.locale and table == "releases" and \
                not au.holds(state, x.actor, "release_locale", ["modify"], (new or old)["product"]):
            return False
        return au.may(state, x.actor, table, old, new)

    def enacted(self, x, table, key, old, new):
        """The scheduled changes that x may have enacted and that make this change of a row."""
        for sc_id, change in sorted(self.after.changes.get(table, {}).items()):
            was = self.before.changes[table].get(sc_id)
            if not change.complete or (was is not None and was.complete) or not x.what.touches(change):
                continue
            if change.key == key or (change.type == "insert" and old is None and table == "rules"):
                yield was, change

    def justify_enact(self, x, table, key, old, new):
        if table == "user_roles":
            ends = [c for was, c in self.ended_permissions(x) if c.row["username"] == key[0]]
            able = [c for c in ends if any(au.holds(s, c.by, "permission", ["delete"], None) for s in self.states)]
            return None if able and new is None else "other: no permission of the user ended"
        whys = ["other: no change of this row was enacted"]
        for was, change in self.enacted(x, table, key, old, new):
            why = self.may_enact(x, was, change, old, new)
            if why is None:
                return None
            whys.append(why)
        return whys[-1]

    def ended_permissions(self, x):
        for sc_id, change in self.after.changes["permissions"].items():
            was = self.before.changes["permissions"].get(sc_id)
            if change.complete and change.type == "delete" and not (was and was.complete) and x.what.touches(change):
                yield was, change

    def may_enact(self, x, was, change, old, new):
        products = [row.get("product") for row in (old, new) if row is not None]
        if change.table == "release_assets":
            products = [au.release_product(self.before, change.row["name"])]
        for p in products[:1]:
            if not any(au.holds(s, x.actor, "scheduled_change", ["enact"], q) for s in self.states for q in (None, p)):
                return f"enact not allowed for {x.actor}"
        if not any(au.may(s, change.by, change.table, old, new) for s in self.views(change.table, change.row.get("name"))):
            return f"permission lacking for {change.by}, who scheduled {change}"
        if len(self.done) == 1 and new is not None and not self.as_scheduled(change, new):
            return f"content of {change} is not what was enacted"
        lacking = None
        for s in self.states:
            needs = au.needs_of(s, change.table, old, new)
            lacking = self.lacking(was, change, needs)
            if lacking is None:
                return None
        return lacking

    @staticmethod
    def as_scheduled(change, new):
        for name, value in new.items():
            wanted = change.row.get(name)
            if name == "data_version" or (name == "rule_id" and change.type == "insert"):
                continue
            if name == "data":
                same = parse(value) == parse(wanted)
            elif name == "read_only":
                same = bool(value) == bool(wanted)
            else:
                same = value == wanted
            if not same:
                return False
        return True

    def lacking(self, was, change, needs):
        """None if enough people have signed CHANGE off, or who counted and why the others did not."""
        counted, notes = {}, []
        entries = {}
        for ledger in self.both_ledgers:
            for user, entry in ledger.get((change.table, change.id), {}).items():
                entries.setdefault(user, []).append(entry)
        now = [au.fingerprint(s, c) for s in self.states for c in (was, change) if c is not None]
        for user, given in entries.items():
            role = given[0].role
            if not any(self.role_counts(s, user, role) for s in self.states):
                notes.append(f"{user} does not hold {role} (or it is not confirmed)")
            elif not any(print_ in e.prints for e in given for print_ in now):
                notes.append(f"{user} signed other content")
            else:
                counted[role] = counted.get(role, 0) + 1
        if all(counted.get(role, 0) >= count for role, count in needs.items()):
            self.signed += bool(needs)
            return None
        return f"sign-offs lacking for {change}: needs {needs}, counted {counted} {notes}"

    # ---- scheduled changes ----

    def check_scheduled(self):
        for table in SCHEDULED:
            b, a = self.before.changes[table], self.after.changes[table]
            for sc_id in sorted(b.keys() | a.keys()):
                self.check_change(b.get(sc_id), a.get(sc_id))
        if len(self.done) == 1:
            self.check_aliases()

    def views(self, table, name):
        """The states to ask in. The product of a new v2 release's locales is known only once its base is there."""
        fresh = table == "release_assets" and (name,) not in self.before.live["releases_json"]
        return [self.before, self.after] if fresh else self.states

    def rows_of(self, change):
        """(old, new) of a scheduled change, by the state before it."""
        old = self.before.live[change.table].get(change.key)
        return (old if change.type != "insert" else None), (None if change.type == "delete" else change.row)

    def allowed(self, user, change):
        old, new = self.rows_of(change)
        if old is None and new is None:
            new = change.row
        if old is None and change.type == "update":
            old = new
        return any(au.may(s, user, change.table, old, new) for s in self.views(change.table, change.row.get("name")))

    def check_change(self, was, now):
        if was is None:
            if not any(x.actor == now.by and "schedule" in x.what.ops and now.table in x.what.tables for x in self.done):
                self.fault("scheduled-by-another", f"{now} by {now.by}")
            elif not self.allowed(now.by, now):
                self.fault("scheduled-without-permission", f"{now} ({now.type} {now.key}) by {now.by}")
            self.check_scheduled_read_only(now)
        elif now is None:
            if was.complete:
                self.fault("complete-dropped", f"{was}")
            elif not any("drop" in x.what.ops and x.what.touches(was) and self.may_drop(x, was) for x in self.done):
                self.fault("dropped-without-permission", f"{was} ({was.type} {was.key})")
        elif was.complete:
            if vars(was) != vars(now):
                self.fault("complete-changed", f"{was}")
        elif now.complete:
            if not any("enact" in x.what.ops and x.what.touches(now) for x in self.done):
                self.fault("complete-unasked", f"{now}")
        elif was.version != now.version:
            self.check_edit(was, now)
        elif not was.same_content(now):
            self.fault("edited-without-version", f"{now}")
        if now is not None and not now.complete:
            self.check_stuck(was, now)

    def check_scheduled_read_only(self, now):
        """A new change of a release that is read-only."""
        table = {"releases": "releases", "releases_json": "releases_json", "release_assets": "releases_json"}.get(now.table)
        key = (now.row.get("name"),)
        live = [s.live[table].get(key) for s in (self.before, self.after)] if table else [None]
        asked = any(x.request.path.endswith("read_only") and x.what.name == key[0] for x in self.done)
        if asked or not all(row and row["read_only"] for row in live) or self.was_unlocked(table, key):
            return
        writes = now.row.get("data") is not None and not au.same_release_content(live[0], {**live[0], "data": now.row["data"]})
        if now.table == "release_assets" or now.type == "delete" or writes:
            self.fault("scheduled-while-read-only", f"{now} ({now.type} {now.key})")

    def may_drop(self, x, change):
        if self.allowed(x.actor, change):
            return True
        # A v2 release that is replaced or deleted takes its scheduled changes with it.
        product = au.release_product(self.before, change.row.get("name")) if "direct" in x.what.ops else None
        actions = ["create", "modify", "delete"]
        return product is not None and au.holds(self.before, x.actor, "release", actions, product)

    def check_edit(self, was, now):
        editors = [x for x in self.done if "edit" in x.what.ops and x.what.touches(now)]
        for x in editors:
            moved = was.row.get("product") != now.row.get("product")
            if self.allowed(x.actor, now) and (not moved or self.allowed(x.actor, was)) and now.by in (x.actor, was.by):
                return
        if self.before.live[now.table].get(now.key) == self.after.live[now.table].get(now.key):
            self.fault("edited-without-permission", f"{now} by {[x.actor for x in editors]}, now of {now.by}")
            return
        # A direct edit of the row was merged into it.
        live = self.after.live[now.table].get(now.key) or {}
        for name, value in now.row.items():
            if len(self.done) == 1 and value != was.row.get(name) and value != live.get(name):
                self.fault("merged-more-than-asked", f"{now}: {name} became {value!r}")
        if now.by not in [was.by] + [x.actor for x in self.done]:
            self.fault("merged-as-another", f"{now} belongs to {now.by}")

    def is_stuck(self, state, change):
        live = state.live[change.table].get(change.key)
        if change.type == "insert":
            return live is not None and change.table != "rules"
        if change.type == "delete":
            return live is None  # one for a wrong data_version is accepted, as by the reference
        return live is None or change.row.get("data_version") != live["data_version"]

    def check_stuck(self, was, now):
        """A change that can never be enacted as it is."""
        if self.is_stuck(self.after, now) and not (was is not None and self.is_stuck(self.before, was)):
            live = self.after.live[now.table].get(now.key)
            self.fault("stuck-change", f"{now} ({now.type} {now.key} at {now.row.get('data_version')}) cannot be enacted: "
                       f"the row is {'missing' if live is None else 'at ' + str(live['data_version'])}")

    def check_aliases(self):
        for sc_id, now in self.after.changes["rules"].items():
            was = self.before.changes["rules"].get(sc_id)
            alias = now.row["alias"]
            if now.complete or not alias or now.type == "delete" or (was and was.row["alias"] == alias):
                continue
            live = [k for k, r in self.before.live["rules"].items() if r["alias"] == alias and k != now.key]
            waiting = [c for c in self.before.pending("rules") if c.id != sc_id and c.row["alias"] == alias
                       and c.type != "delete" and (now.type == "insert" or c.key != now.key)]
            if live or waiting:
                self.fault("alias-taken", f"{now} wants {alias}, which {live or waiting} has")

    # ---- releases, pins, shutoffs, roles: rules about rows ----

    def check_releases(self):
        b, a = self.before, self.after
        for table in ("releases", "releases_json"):
            for key, old in b.live[table].items():
                if old["read_only"] and not self.was_unlocked(table, key):
                    self.check_read_only(table, key, old)
        for name in b.release_names() - a.release_names():
            left = au.references(a, name)
            if len(self.done) == 1:
                left += au.references(b, name)
            else:  # a blob may come to name a release that has just gone, as it may name one that never was
                had = au.references(b, name)
                left = [ref for ref in left if ref in had or ref.startswith(("rules", "pinnable"))]
            if left:
                self.fault("deleted-in-use", f"{name} is gone, but {left[0]}")
        self.check_shadows()
        self.check_new_mappings()
        self.check_small_tables()

    def was_unlocked(self, table, key):
        """Whether a release may have been writable for a moment, as several requests succeeded at once."""
        if len(self.done) == 1:
            return False
        enacted = [c for c in self.after.changes[table].values() if c.key == key and c.complete and not c.row["read_only"]
                   and c.id in self.before.changes[table] and not self.before.changes[table][c.id].complete]
        return bool(enacted) or any(x.request.path.endswith("read_only") and x.what.name == key[0] for x in self.done)

    def check_read_only(self, table, key, old):
        new = self.after.live[table].get(key)
        if new is None:
            self.fault("read-only-deleted", f"{table} {key}")
            return
        if new["read_only"] and not au.same_release_content(old, new):
            self.fault("read-only-changed", f"{table} {key}")
        if table == "releases_json" and new["read_only"] and self.before.assets(key[0]) != self.after.assets(key[0]):
            self.fault("read-only-changed", f"a locale of {key[0]}")

    def check_shadows(self):
        b, a = self.before.live, self.after.live
        for key in a["releases"].keys() & a["releases_json"].keys():
            both = key in b["releases"] and key in b["releases_json"]
            products = {a[t][key]["product"] for t in ("releases", "releases_json")}
            if not both and key in b["releases_json"]:
                self.fault("v1-shadow-made", f"{key[0]} is a v2 release, and was written as v1, too")
            elif not both and len(products) > 1:
                self.fault("shadow-of-two-products", f"{key[0]}: {sorted(products)}")
        for key, row in a["releases_json"].items():
            inside = (parse(row["data"]) or {}).get("name")
            if inside != key[0] and b["releases_json"].get(key) != row:
                self.fault("blob-of-another-name", f"{key[0]} holds a blob of the name {inside}")

    def check_new_mappings(self):
        for table in ("rules", "pinnable_releases"):
            for key, row in self.after.live[table].items():
                old = self.before.live[table].get(key) or {}
                for column in ("mapping", "fallbackMapping"):
                    name = row.get(column)
                    if name and name != old.get(column) and not any(s.served_row(name) for s in (self.before, self.after)):
                        self.fault("maps-to-nothing", f"{table} {key} came to name {name}, which does not exist")

    def check_small_tables(self):
        b, a = self.before.live, self.after.live
        for key, row in a["pinnable_releases"].items():
            if b["pinnable_releases"].get(key) == row:
                continue
            # The release may become a newer version right after it was pinned.
            versions = {str(au.blob_of(s, row["mapping"]).get("appVersion", "")) for s in self.states}
            if not PIN.fullmatch(row["version"]) or not any((v + ".").startswith(row["version"]) for v in versions):
                self.fault("odd-pin", f"{key} -> {row['mapping']} ({sorted(versions)})")
        for key in a["emergency_shutoffs"].keys() - b["emergency_shutoffs"].keys():
            if "*" in key[1]:
                self.fault("shutoff-of-a-glob", f"{key}")
        for key, row in a["balrog_partial_stops"].items():
            was = b["balrog_partial_stops"].get(key)
            if "*" in row["channel"]:
                self.fault("shutoff-of-a-glob", f"partial stop {key}")
            if was is not None and any(row[c] != was[c] for c in row if c not in ("comment", "data_version")):
                self.fault("conditions-changed", f"partial stop {key}: {was} -> {row}")
        for table in ("product_req_signoffs", "permissions_req_signoffs"):
            for key, row in a[table].items():
                if len(au.holders(self.after, row["role"])) < row["signoffs_required"] <= \
                        len(au.holders(self.before, row["role"])) and key in b[table]:
                    self.fault("sign-offs-impossible", f"{key} needs {row['signoffs_required']} of {row['role']}")

    # ---- histories ----

    def check_histories(self, written, lost):
        if lost:
            self.fault("history-lost", f"rows are gone from {lost}")
        allowed = {x.actor for x in self.done} | {""}
        for s in (self.before, self.after):
            allowed |= {c.by for c in s.all_pending()} if any("enact" in x.what.ops for x in self.done) else set()
        for table in LIVE:
            history = "balrog_release_history" if "release" in table and "pinnable" not in table else table + "_history"
            if self.before.live[table] != self.after.live[table] and history not in written:
                self.fault("no-history", f"{table} changed, and {history} has no new row")
        for table, users in written.items():
            strangers = set(users) - allowed
            if strangers:
                self.fault("history-names-a-stranger", f"{table}: {sorted(strangers)}")
