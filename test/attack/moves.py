"""Random requests, legal and illegal, made from what the database holds at the moment."""
import json
import time

import authority as au
import world as w
from aims import KINDS
from client import Request

KIND_OF = {table: kind for kind, table in KINDS.items()}
PINS = ("102.", "102.1.", "110.", "111.", "102", "11", "x.", "102.1.2.")
ALIASES = ("firefox-release", "firefox-beta", "alias-a", "alias-b", "alias-c")


class Mover:
    def __init__(self, random, soon=False):
        self.random = random
        self.soon = soon  # an agent runs: some changes are due at once
        self.serial = 0
        self.reserved = set()  # releases that plots made for themselves: moves leave them alone
        self.moves = [
            (6, self.rule_create), (10, self.rule_update), (3, self.rule_delete), (2, self.rule_revert),
            (8, self.rule_schedule),
            (4, self.v1_write), (4, self.v1_locale), (2, self.v1_part), (3, self.v1_delete), (4, self.v1_read_only),
            (5, self.v1_schedule),
            (5, self.v2_put), (6, self.v2_merge), (3, self.v2_delete), (4, self.v2_read_only), (5, self.v2_signs),
            (4, self.pin), (1, self.pin_delete), (3, self.shutoff), (2, self.shutoff_end), (2, self.shutoff_schedule),
            (3, self.part_stop), (2, self.part_end), (2, self.part_schedule), (1, self.part_comment),
            (4, self.expectation_create), (2, self.expectation_update), (1, self.expectation_delete), (1, self.expectation_import),
            (2, self.required_post), (3, self.required_schedule),
            (3, self.permission_write), (1, self.permission_delete), (3, self.permission_schedule), (5, self.role),
            (2, self.confirm),
            (14, self.sign), (5, self.revoke), (5, self.edit), (3, self.drop), (10, self.enact), (2, self.sc_revert),
        ]
        self.weights = [weight for weight, _ in self.moves]

    # ---- choosing ----

    def next(self, state):
        """The next request; there always is one."""
        while True:
            move = self.random.choices(self.moves, self.weights)[0][1]
            request = move(state)
            if request is not None:
                request.note = request.note or move.__name__
                return request

    def chance(self, p):
        return self.random.random() < p

    def pick(self, items):
        items = list(items)
        return self.random.choice(items) if items else None

    def fresh(self):
        self.serial += 1
        return self.serial

    def actor(self, state, thing=None, actions=(), product=None):
        """Mostly somebody who may; else anybody."""
        if thing and self.chance(0.6):
            able = [a for a in w.ACTORS if au.holds(state, a, thing, actions, product)]
            if able:
                return self.pick(able)
        return self.pick(w.ACTORS)

    def version(self, row):
        """The row's data_version, sometimes a wrong one."""
        n = row["data_version"] if isinstance(row, dict) else row
        return n if self.chance(0.95) else max(1, n + self.pick((-1, 1)))

    def product(self):
        return self.random.choices(w.PRODUCTS, (6, 2, 2))[0]

    def name(self, product=None):
        names = [n for n in w.NAMES if product is None or w.product_of(n) == product or self.chance(0.05)]
        return self.pick(names)

    def blob(self, state, name):
        """A new blob for NAME, of its kind; now and then with another's name, another version, or partials."""
        inside = name if self.chance(0.97) else self.pick(w.NAMES)
        if name in w.SUPERS:
            return w.super_blob(inside, self.random.sample(w.PARTS, self.pick((1, 2))))
        if name in w.PARTS:
            return w.part_blob(inside, self.fresh())
        version = self.pick(("102.0", "110.0", "111.0")) if self.chance(0.1) else None
        partial = self.pick(w.APPS) if self.chance(0.15) else None
        return w.app_blob(inside, self.fresh(), version, partial)

    def when(self):
        if self.soon and self.chance(0.6):
            return int(time.time() * 1000) + 1000
        return w.FAR + self.random.randrange(1000)

    # ---- rules ----

    def rule_values(self):
        product = self.product()
        body = w.rule_body(product, self.pick(w.CHANNELS[product] + ("beta*",)), self.name(product), self.pick((10, 50, 90)))
        if self.chance(0.2):
            body["fallbackMapping"] = self.name(product)
            body["backgroundRate"] = self.pick((0, 100))
        if self.chance(0.2):
            body["alias"] = self.pick(ALIASES)
        if self.chance(0.03):
            del body["product"]
        return body

    def rule_create(self, state):
        if len(state.live["rules"]) > 8:
            return None
        body = self.rule_values()
        return Request(self.actor(state, "rule", ["create"], body.get("product")), "POST", "/rules", body)

    def rule_change(self, rule):
        product = rule["product"] or w.FX
        return self.pick((
            {"mapping": self.name(product)}, {"comment": f"c{self.fresh()}"}, {"channel": self.pick(w.CHANNELS[product])},
            {"backgroundRate": self.pick((0, 100))}, {"product": self.product()}, {"alias": self.pick(ALIASES)},
            {"fallbackMapping": self.name(product)}, {"priority": self.pick((20, 60, 95))}))

    def rule_update(self, state):
        rule = self.pick(state.live["rules"].values())
        if rule is None:
            return None
        body = {**self.rule_change(rule), "data_version": self.version(rule)}
        return Request(self.actor(state, "rule", ["modify"], rule["product"]), self.pick(("POST", "PUT")), f"/rules/{rule['rule_id']}", body)

    def rule_delete(self, state):
        rule = self.pick(state.live["rules"].values())
        if rule is None or len(state.live["rules"]) < 4:
            return None
        return Request(self.actor(state, "rule", ["delete"], rule["product"]), "DELETE",
                       f"/rules/{rule['rule_id']}?data_version={self.version(rule)}")

    def rule_revert(self, state):
        rule = self.pick(state.live["rules"].values())
        if rule is None:
            return None
        change = self.random.randint(1, max(1, state.history["rules_history"][1]))
        return Request(self.actor(state, "rule", ["modify"], rule["product"]), "POST", f"/rules/{rule['rule_id']}/revisions", {"change_id": change})

    def rule_schedule(self, state):
        if len(state.pending("rules")) > 4:
            return None
        rule = self.pick(state.live["rules"].values())
        kind = self.pick(("insert", "update", "update", "delete"))
        if kind == "insert" or rule is None:
            body = {**self.rule_values(), "change_type": "insert", "when": self.when()}
        else:
            body = {"rule_id": rule["rule_id"], "data_version": self.version(rule), "change_type": kind, "when": self.when()}
            if kind == "update":
                columns = ("alias", "product", "channel", "priority", "mapping", "fallbackMapping", "backgroundRate", "update_type", "comment")
                body = {**{c: rule[c] for c in columns}, **body, **self.rule_change(rule)}
        product = body.get("product") or (rule or {}).get("product")
        return Request(self.actor(state, "rule", ["create" if kind == "insert" else "modify"], product), "POST", "/scheduled_changes/rules", body)

    # ---- v1 releases ----

    def v1_write(self, state):
        name = self.name()
        row = state.live["releases"].get((name,))
        body = w.v1_body(name, self.blob(state, name))
        if self.chance(0.06):
            body["product"] = self.product()
        if row is None:
            actor = self.actor(state, "release", ["create"], body["product"])
            if self.chance(0.7):
                return Request(actor, "POST", "/releases", body)
            return Request(actor, "PUT", f"/releases/{name}", body)
        body["data_version"] = self.version(row)
        return Request(self.actor(state, "release", ["modify"], row["product"]), "PUT", f"/releases/{name}", body)

    def v1_locale(self, state):
        name = self.pick(list(w.APPS) + list(w.NEW))
        row = state.live["releases"].get((name,))
        product = w.product_of(name)
        body = {"product": product, "schema_version": 9, "hashFunction": "sha512",
                "data": json.dumps(w.locale_of(name, w.APPS.get(name, (0, "112.0"))[1], f"{self.fresh()}-l"))}
        if row is not None:
            body["data_version"] = self.version(row)
        if self.chance(0.1):
            body["copyTo"] = json.dumps([self.pick(w.APPS)])
        return Request(self.actor(state, "release_locale", ["modify"], product), "PUT",
                       f"/releases/{name}/builds/{w.PLATFORM}/{self.pick(w.LOCALES)}", body)

    def v1_part(self, state):
        name = self.pick(w.APPS)
        row = state.live["releases"].get((name,))
        if row is None:
            return None
        body = {"product": row["product"], "schema_version": 9, "data_version": self.version(row),
                "data": json.dumps({"displayVersion": f"{w.APPS[name][1]}.{self.fresh()}"})}
        if self.chance(0.3):
            body["copyTo"] = json.dumps([self.pick(w.APPS)])
        return Request(self.actor(state, "release", ["modify"], row["product"]), "POST", f"/releases/{name}", body)

    def v1_delete(self, state):
        key = self.pick(k for k in state.live["releases"] if k[0] not in self.reserved)
        if key is None:
            return None
        row = state.live["releases"][key]
        return Request(self.actor(state, "release", ["delete"], row["product"]), "DELETE", f"/releases/{key[0]}?data_version={self.version(row)}")

    def v1_read_only(self, state):
        key = self.pick(k for k in state.live["releases"] if k[0] not in self.reserved)
        if key is None:
            return None
        row = state.live["releases"][key]
        wanted = not row["read_only"] if self.chance(0.85) else bool(row["read_only"])
        return Request(self.actor(state, "release_read_only", ["set" if wanted else "unset"], row["product"]), "PUT",
                       f"/releases/{key[0]}/read_only", {"read_only": wanted, "data_version": self.version(row)})

    def v1_schedule(self, state):
        if len(state.pending("releases")) > 4:
            return None
        name = self.name()
        row = state.live["releases"].get((name,))
        body = {"name": name, "when": self.when(), "product": w.product_of(name)}
        if row is None:
            body.update(change_type="insert", data=json.dumps(self.blob(state, name)))
        else:
            body.update(change_type=self.pick(("update", "update", "delete")), data_version=self.version(row))
            if body["change_type"] == "delete":
                del body["product"]
            elif self.chance(0.25):
                body["read_only"] = not row["read_only"]
            else:
                body["data"] = json.dumps(self.blob(state, name))
        return Request(self.actor(state, "release", ["modify", "create"], w.product_of(name)), "POST", "/scheduled_changes/releases", body)

    # ---- v2 releases ----

    def versions_of(self, state, name):
        """old_data_versions of all of a v2 release."""
        said = {".": self.version(state.live["releases_json"][(name,)])}
        for path, row in state.assets(name).items():
            _, _, platform, _, locale = path.split(".", 4)
            said.setdefault("platforms", {}).setdefault(platform, {}).setdefault("locales", {})[locale] = self.version(row)
        return said

    def v2_put(self, state):
        name = self.name()
        body = {"blob": self.blob(state, name)}
        row = state.live["releases_json"].get((name,))
        if row is None or self.chance(0.3):
            body["product"] = w.product_of(name) if self.chance(0.9) else self.product()
        if row is not None and self.chance(0.97):
            body["old_data_versions"] = self.versions_of(state, name)
        if self.chance(0.45):
            body["when"] = self.when()
        if self.chance(0.2):
            body["replace_scheduled"] = self.chance(0.8)
        product = row["product"] if row else w.product_of(name)
        return Request(self.actor(state, "release", ["modify", "create"], product), "PUT", f"/v2/releases/{name}", body)

    def v2_merge(self, state):
        key = self.pick(state.live["releases_json"])
        if key is None:
            return None
        name, row = key[0], state.live["releases_json"][key]
        if name not in w.APPS:
            return None
        locale = self.pick(w.LOCALES + ("ja",))
        old = state.assets(name).get(f".platforms.{w.PLATFORM}.locales.{locale}")
        blob = {"platforms": {w.PLATFORM: {"locales": {locale: w.locale_of(name, w.APPS[name][1], f"{self.fresh()}-m")}}}}
        said = {"platforms": {w.PLATFORM: {"locales": {locale: self.version(old)}}}} if old else {}
        if self.chance(0.15):
            blob = {"platforms": {w.PLATFORM: {"OS_BOUNCER": f"b{self.fresh()}"}}}
            said = {".": self.version(row)}
        body = {"blob": blob, "old_data_versions": said}
        if self.chance(0.45):
            body["when"] = self.when()
        return Request(self.actor(state, "release", ["modify"], row["product"]), "POST", f"/v2/releases/{name}", body)

    def v2_delete(self, state):
        key = self.pick(k for k in state.live["releases_json"] if k[0] not in self.reserved)
        if key is None:
            return None
        return Request(self.actor(state, "release", ["delete"], state.live["releases_json"][key]["product"]), "DELETE", f"/v2/releases/{key[0]}")

    def v2_read_only(self, state):
        key = self.pick(k for k in state.live["releases_json"] if k[0] not in self.reserved)
        if key is None:
            return None
        row = state.live["releases_json"][key]
        wanted = not row["read_only"]
        return Request(self.actor(state, "release_read_only", ["set" if wanted else "unset"], row["product"]), "PUT",
                       f"/v2/releases/{key[0]}/read_only", {"read_only": wanted, "old_data_version": self.version(row)})

    def v2_signs(self, state):
        names = {c.row["name"] for t in ("releases_json", "release_assets") for c in state.pending(t)}
        name = self.pick(sorted(names))
        if name is None:
            return None
        what = self.pick(("sign", "sign", "enact", "revoke", "drop"))
        if what == "drop":
            return Request(self.actor(state, "release", ["modify"], w.product_of(name)), "DELETE", f"/v2/releases/{name}/scheduled_changes")
        if what == "enact":
            return Request(self.actor(state, "scheduled_change", ["enact"], w.product_of(name)), "POST", f"/v2/releases/{name}/enact", {})
        role = self.pick(w.ROLES)
        actor = self.signer(state, role)
        if what == "revoke":
            return Request(actor, "DELETE", f"/v2/releases/{name}/signoff")
        return Request(actor, "PUT", f"/v2/releases/{name}/signoff", {"role": role})

    # ---- pins and shutoffs ----

    def pin(self, state):
        name = self.pick(("Fx-3", "Fx-4", "Fx-2", "Tb-2", "Fx-5"))
        product = w.product_of(name)
        body = {"product": product if self.chance(0.95) else self.product(), "channel": self.pick(w.CHANNELS[product]), "version": self.pick(PINS)}
        if self.chance(0.4):
            body["when"] = self.when()
        return Request(self.actor(state, "pinnable_release", ["create"], product), "PUT", f"/v2/releases/{name}/pinnable", body)

    def pin_delete(self, state):
        key = self.pick(state.live["pinnable_releases"])
        if key is None:
            return None
        row = state.live["pinnable_releases"][key]
        return Request(self.actor(state, "pinnable_release", ["delete"], key[0]), "DELETE",
                       f"/v2/pins/{key[0]}/{key[1]}/{key[2]}?data_version={self.version(row)}")

    def shutoff(self, state):
        product = self.product()
        channel = self.pick(w.CHANNELS[product] + ("beta*", "*"))
        return Request(self.actor(state, "emergency_shutoff", ["create"], product), "POST", "/emergency_shutoff",
                       {"product": product, "channel": channel, "comment": "stop"})

    def shutoff_end(self, state):
        key = self.pick(state.live["emergency_shutoffs"])
        if key is None:
            return None
        row = state.live["emergency_shutoffs"][key]
        return Request(self.actor(state, "emergency_shutoff", ["delete"], key[0]), "DELETE",
                       f"/emergency_shutoff/{key[0]}/{key[1].replace('*', '%2A')}?data_version={self.version(row)}")

    def shutoff_schedule(self, state):
        key = self.pick(state.live["emergency_shutoffs"])
        if key is None:
            return None
        body = {"product": key[0], "channel": key[1], "data_version": self.version(state.live["emergency_shutoffs"][key]),
                "change_type": "delete", "when": self.when()}
        return Request(self.actor(state, "emergency_shutoff", ["delete"], key[0]), "POST", "/scheduled_changes/emergency_shutoff", body)

    # ---- partial stops ----

    def part_stop(self, state):
        product = self.product()
        channel = self.pick(w.CHANNELS[product] + ("beta*",))
        conditions = self.pick(({"locale": w.LOCALE}, {"locale": "fr"}, {"version": "<2.0", "locale": "de,fr"}, {"buildTarget": "q"},
                                {"locale": ""}))
        return Request(self.actor(state, "emergency_shutoff", ["create"], product), "POST", "/emergency_shutoff",
                       {"product": product, "channel": channel, "comment": "stop", **conditions})

    def part_end(self, state):
        row = self.pick(state.live["balrog_partial_stops"].values())
        return row and Request(self.actor(state, "emergency_shutoff", ["delete"], row["product"]), "DELETE",
                               f"/partial_stops/{row['stop_id']}?data_version={self.version(row)}")

    def part_schedule(self, state):
        row = self.pick(state.live["balrog_partial_stops"].values())
        return row and Request(self.actor(state, "emergency_shutoff", ["delete"], row["product"]), "POST",
                               "/scheduled_changes/partial_stops",
                               {"stop_id": row["stop_id"], "data_version": self.version(row), "change_type": "delete",
                                "when": self.when()})

    def part_comment(self, state):
        row = self.pick(state.live["balrog_partial_stops"].values())
        return row and Request(self.actor(state, "emergency_shutoff", ["create"], row["product"]), "POST",
                               f"/partial_stops/{row['stop_id']}",
                               {"comment": f"why {self.fresh()}", "data_version": self.version(row), "locale": "fr"})

    # ---- expectations ----

    def expectation(self, product):
        channel = self.pick(w.CHANNELS[product])
        asked = product if self.chance(0.95) else self.product()
        return {"product": product, "name": self.pick(("one", "two", "three")),
                "query": w.query_path(asked, channel),
                "must": self.pick(({"update": "always"}, {"update": "maybe", "below_version": "112.0"}, {"update": "never"}, {}))}

    def expectation_create(self, state):
        product = self.product()
        return Request(self.actor(state, "rule", ["create"], product), "POST", "/expectations", self.expectation(product))

    def expectation_update(self, state):
        key = self.pick(state.live["balrog_expectations"])
        if key is None:
            return None
        body = {**self.expectation(key[0]), "data_version": self.version(state.live["balrog_expectations"][key])}
        return Request(self.actor(state, "rule", ["modify"], key[0]), "PUT", f"/expectations/{key[0]}/{key[1]}", body)

    def expectation_delete(self, state):
        key = self.pick(state.live["balrog_expectations"])
        if key is None:
            return None
        version = self.version(state.live["balrog_expectations"][key])
        return Request(self.actor(state, "rule", ["delete"], key[0]), "DELETE",
                       f"/expectations/{key[0]}/{key[1]}?data_version={version}")

    def expectation_import(self, state):
        products = self.random.sample(list(w.CHANNELS), self.pick((1, 2)))
        return Request(self.actor(state, "rule", ["create", "modify", "delete"], products[0]), "POST",
                       f"/expectations/import?delete_others={self.pick((0, 1))}&plan={self.pick((0, 0, 1))}",
                       {"expectations": [self.expectation(p) for p in products]})

    # ---- required sign-offs, permissions, roles ----

    def required_values(self):
        product = self.product()
        body = {"product": product, "role": self.pick(w.ROLES), "signoffs_required": self.pick((1, 1, 2))}
        if self.chance(0.7):
            return "product", {**body, "channel": self.pick(w.CHANNELS[product])}
        return "permissions", body

    def required_post(self, state):
        kind, body = self.required_values()
        return Request(self.actor(state, "required_signoff", ["create"]), "POST", f"/required_signoffs/{kind}", body)

    def required_schedule(self, state):
        kind, body = self.required_values()
        table = KINDS["required_signoffs/" + kind]
        key = self.pick(state.live[table]) if self.chance(0.7) else None
        body.update(change_type="insert", when=self.when())
        if key is not None:
            row = state.live[table][key]
            body = {**body, **{c: row[c] for c in ("product", "channel", "role") if c in row},
                    "change_type": self.pick(("update", "delete")), "data_version": self.version(row)}
            if body["change_type"] == "delete":
                del body["signoffs_required"]
        return Request(self.actor(state, "required_signoff", ["modify"]), "POST", f"/scheduled_changes/required_signoffs/{kind}", body)

    def person(self):
        return self.pick([a for a in w.ACTORS if a not in (w.BOSS, w.ANONYMOUS)] + ["new@example.com"])

    def options(self):
        return self.pick(({}, {"products": [w.FX]}, {"products": [w.TB]}, {"products": [w.FX, w.SA]}))

    def permission_write(self, state):
        user, name = self.person(), self.pick(("rule", "release", "admin", "emergency_shutoff", "pinnable_release"))
        row = state.live["permissions"].get((user, name))
        body = w.permission_body(self.options())
        if row is not None:
            body["data_version"] = self.version(row)
        return Request(self.actor(state, "permission", ["create", "modify"]), "PUT", f"/users/{user}/permissions/{name}", body)

    def permission_delete(self, state):
        key = self.pick(k for k in state.live["permissions"] if k[0] != w.BOSS)
        row = state.live["permissions"][key]
        return Request(self.actor(state, "permission", ["delete"]), "DELETE",
                       f"/users/{key[0]}/permissions/{key[1]}?data_version={self.version(row)}")

    def permission_schedule(self, state):
        key = self.pick(k for k in state.live["permissions"] if k[0] != w.BOSS)
        body = {"username": key[0], "permission": key[1], "when": self.when(), "change_type": self.pick(("update", "delete")),
                "data_version": self.version(state.live["permissions"][key])}
        if self.chance(0.5):
            body = {"username": self.person(), "permission": self.pick(("rule", "release", "admin")), "when": self.when(), "change_type": "insert"}
        if body["change_type"] != "delete":
            body.update(w.permission_body(self.options()))
        return Request(self.actor(state, "permission", ["modify"]), "POST", "/scheduled_changes/permissions", body)

    def role(self, state):
        user, role = self.person(), self.pick(w.ROLES)
        row = state.live["user_roles"].get((user, role))
        actor = self.actor(state, "permission", ["create", "delete"])
        if row is not None and self.chance(0.7):
            return Request(actor, "DELETE", f"/users/{user}/roles/{role}?data_version={self.version(row)}")
        return Request(actor, "PUT", f"/users/{user}/roles/{role}", {})

    def confirm(self, state):
        key = self.pick(state.live["user_roles"])
        return Request(self.actor(state, "permission", ["create"]), "POST", f"/users/{key[0]}/roles/{key[1]}/confirm", {})

    # ---- scheduled changes of every kind ----

    def change(self, state):
        return self.pick(state.all_pending())

    def signer(self, state, role):
        able = sorted(au.holders(state, role))
        return self.pick(able) if able and self.chance(0.8) else self.pick(w.ACTORS)

    def base(self, change):
        return f"/scheduled_changes/{KIND_OF[change.table]}/{change.id}" if change.table in KIND_OF else None

    def sign(self, state):
        change = self.change(state) if self.chance(0.97) else self.pick(c for t in state.changes.values() for c in t.values())
        if change is None:
            return None
        needs = au.needs_of(state, change.table, state.live[change.table].get(change.key), None if change.type == "delete" else change.row) \
            if change.type == "insert" or change.key in state.live[change.table] else {}
        role = self.pick(needs) if needs and self.chance(0.9) else self.pick(w.ROLES)
        body = {"role": role}
        if change.table not in KIND_OF:
            return Request(self.signer(state, role), "PUT", f"/v2/releases/{change.row['name']}/signoff", body)
        if self.chance(0.25):
            body["sc_data_version"] = change.version if self.chance(0.7) else max(1, change.version + self.pick((-1, 1)))
        return Request(self.signer(state, role), "POST", self.base(change) + "/signoffs", body)

    def revoke(self, state):
        signed = [(k, u, r) for k, s in sorted(state.signoffs.items()) for u, r in sorted(s.items()) if k[0] in KIND_OF]
        if not signed:
            return None
        (table, sc_id), user, role = self.pick(signed)
        path = f"/scheduled_changes/{KIND_OF[table]}/{sc_id}/signoffs"
        if self.chance(0.4):
            return Request(user, "DELETE", path)
        return Request(self.signer(state, role), "DELETE", f"{path}?username={user}")

    def edit(self, state):
        change = self.change(state)
        if change is None or change.table not in KIND_OF:
            return None
        body = {"sc_data_version": self.version(change.version), "when": self.when()}
        row = change.row
        if change.type != "insert":
            body["data_version"] = row["data_version"] or 1
        if change.table == "rules" and change.type != "delete":
            body.update(self.rule_change(row))
        elif change.table == "releases" and change.type != "delete":
            body["data"] = json.dumps(self.blob(state, row["name"]))
        elif change.table == "permissions" and change.type != "delete":
            body.update(w.permission_body(self.options()))
        elif change.table.endswith("req_signoffs") and change.type != "delete":
            body["signoffs_required"] = self.pick((1, 2))
        thing = au.THING.get(change.table, "release")
        return Request(self.actor(state, thing, ["modify"], row.get("product")), "POST", self.base(change), body)

    def drop(self, state):
        change = self.change(state)
        if change is None or change.table not in KIND_OF:
            return None
        thing = au.THING.get(change.table, "release")
        return Request(self.actor(state, thing, ["modify", "delete"], change.row.get("product")), "DELETE",
                       f"{self.base(change)}?data_version={self.version(change.version)}")

    def enact(self, state):
        ready = [c for c in state.all_pending() if state.signed(c)]
        change = self.pick(ready) if ready and self.chance(0.6) else self.change(state)
        if change is None:
            return None
        path = f"{self.base(change)}/enact" if change.table in KIND_OF else f"/v2/releases/{change.row['name']}/enact"
        return Request(self.actor(state, "scheduled_change", ["enact"], change.row.get("product")), "POST", path, {})

    def sc_revert(self, state):
        change = self.change(state)
        if change is None or change.table in ("emergency_shutoffs", "balrog_partial_stops", "pinnable_releases") or change.table not in KIND_OF:
            return None
        last = state.history[change.table + "_scheduled_changes_history"][1]
        thing = au.THING.get(change.table, "release")
        return Request(self.actor(state, thing, ["modify"], change.row.get("product")), "POST", self.base(change) + "/revisions",
                       {"change_id": self.random.randint(max(1, last - 8), max(1, last))})
