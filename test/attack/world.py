"""The people and things that each episode begins with, and how a database is brought back to them."""
import json

from client import Request

FAR = 4102444800000  # ms; scheduled for a time that no test sees
HASH = "5" * 128
PLATFORM, LOCALE, LOCALES = "p", "de", ("de", "fr")

BOSS, BOSS2 = "boss@example.com", "boss2@example.com"
FX_ADMIN, TB_ADMIN = "fxadmin@example.com", "tbadmin@example.com"
REL, REL2, TB_REL = "rel@example.com", "rel2@example.com", "tbrel@example.com"
MAN, MAN2, BOTH = "man@example.com", "man2@example.com", "both@example.com"
LOCALIZER, MAKER, PERM, PERM2 = "locale@example.com", "maker@example.com", "perm@example.com", "perm2@example.com"
MACHINE, AGENT, NOBODY, ANONYMOUS = "releasebot", "balrogagent", "noone@example.com", "-"

FX, TB, SA = "Firefox", "Thunderbird", "SystemAddons"
PRODUCTS = (FX, TB, SA)

# user: ({permission: options}, roles)
PEOPLE = {
    BOSS2: ({"admin": {}}, []),
    FX_ADMIN: ({"admin": {"products": [FX]}, "permission": {}}, []),
    TB_ADMIN: ({"admin": {"products": [TB]}}, []),
    REL: ({p: {"products": [FX, SA]} for p in
           ("rule", "release", "release_locale", "release_read_only", "pinnable_release", "emergency_shutoff")}, ["releng"]),
    REL2: ({"rule": {"products": [FX, SA]}, "release": {"products": [FX, SA]}, "required_signoff": {}}, ["releng"]),
    TB_REL: ({"rule": {"products": [TB]}, "release": {"products": [TB]}, "release_locale": {}}, []),
    MAN: ({"rule": {}, "emergency_shutoff": {}, "release_read_only": {"actions": ["set"]}}, ["relman"]),
    MAN2: ({"emergency_shutoff": {"products": [FX]}, "required_signoff": {}}, ["relman", "secops"]),
    BOTH: ({"scheduled_change": {}, "rule": {"actions": ["create"]}}, ["releng", "relman"]),
    LOCALIZER: ({"release_locale": {}}, []),
    MAKER: ({"release": {"actions": ["create"]}}, []),
    PERM: ({"permission": {}}, ["secops"]),
    PERM2: ({"permission": {"actions": ["create", "delete"]}}, []),
    MACHINE: ({"release": {}, "release_locale": {}, "release_read_only": {}, "pinnable_release": {}}, []),
    AGENT: ({"scheduled_change": {"actions": ["enact"]}}, []),
}
ACTORS = [BOSS] + list(PEOPLE) + [NOBODY, ANONYMOUS]
ROLES = ("releng", "relman", "secops")

APPS = {"Fx-1": (FX, "102.0"), "Fx-2": (FX, "102.1"), "Fx-3": (FX, "110.0"), "Fx-4": (FX, "111.0"), "Tb-1": (TB, "115.0"),
        "Tb-2": (TB, "128.0")}
PARTS = ("Part-1", "Part-2")
SUPERS = ("Super-1", "Super-2")
NEW = ("Fx-5", "Tb-3")
NAMES = list(APPS) + list(PARTS) + list(SUPERS) + list(NEW)
CHANNELS = {FX: ("release", "beta", "nightly"), TB: ("release", "nightly"), SA: ("guarded", "open")}


def product_of(name):
    return {"F": FX, "T": TB}.get(name[0], SA)


def query_path(product, channel, pin=None):
    """The update query of a client of the worlds."""
    query = f"?pin={pin}" if pin else ""
    return f"/update/6/{product}/1.0/1/{PLATFORM}/{LOCALE}/{channel}/Linux/NA/default/default/update.xml{query}"


def locale_of(name, version, serial, partial=None):
    """What one locale of a release holds. SERIAL makes its content unlike any other."""
    def file(kind, start):
        return {"from": start, "filesize": 1, "hashValue": HASH, "fileUrl": f"https://archive.mozilla.org/{kind}/{name}/{serial}.mar"}
    found = {"buildID": "20240101000000", "appVersion": version, "displayVersion": version, "completes": [file("c", "*")]}
    if partial:
        found["partials"] = [file("p", partial)]
    return found


def app_blob(name, serial, version=None, partial=None):
    version = version or APPS.get(name, (None, "112.0"))[1]
    locales = {l: locale_of(name, version, f"{serial}-{l}", partial) for l in LOCALES}
    return {"name": name, "schema_version": 9, "hashFunction": "sha512", "appVersion": version, "displayVersion": version,
            "platforms": {PLATFORM: {"locales": locales}}}


def part_blob(name, serial):
    return {"name": name, "schema_version": 5000, "hashFunction": "sha512", "addons": {f"{name}@example.org": {
        "version": "1.0", "platforms": {"default": {"filesize": 1, "hashValue": HASH,
                                                    "fileUrl": f"https://archive.mozilla.org/c/{name}/{serial}.xpi"}}}}}


def super_blob(name, members):
    return {"name": name, "schema_version": 4000, "blobs": list(members)}


def rule_body(product, channel, mapping, priority=50, **more):
    return {"product": product, "channel": channel, "mapping": mapping, "priority": priority, "backgroundRate": 100,
            "update_type": "minor", **more}


def v1_body(name, blob, **more):
    return {"name": name, "product": product_of(name), "blob": json.dumps(blob), **more}


def permission_body(options, **more):
    return {"options": json.dumps(options) if options else "", **more}


def boss(method, path, body):
    return Request(BOSS, method, path, body, "seed")


def common_seeds():
    """The requests that make what all worlds have: people and releases."""
    yield boss("PUT", f"/users/{BOSS}/roles/secops", {})
    for user, (permissions, roles) in PEOPLE.items():
        for name, options in permissions.items():
            yield boss("PUT", f"/users/{user}/permissions/{name}", permission_body(options))
        for role in roles:
            yield boss("PUT", f"/users/{user}/roles/{role}", {})
    for name in ("Fx-1", "Fx-2", "Tb-1"):
        yield boss("POST", "/releases", v1_body(name, app_blob(name, 0)))
    for name in ("Fx-3", "Fx-4", "Tb-2"):
        yield boss("PUT", f"/v2/releases/{name}", {"product": product_of(name), "blob": app_blob(name, 0)})
    yield boss("POST", "/releases", v1_body("Part-1", part_blob("Part-1", 0)))
    yield boss("PUT", "/v2/releases/Part-2", {"product": SA, "blob": part_blob("Part-2", 0)})
    yield boss("POST", "/releases", v1_body("Super-1", super_blob("Super-1", PARTS)))


def seeds(variant):
    """The requests that make the rest of a world. VARIANT is a random source: it decides what is protected from the start."""
    served = variant.choice(("Fx-2", "Fx-4"))
    for product, channel, mapping in ((FX, "release", served), (FX, "beta", "Fx-3"), (FX, "nightly", "Fx-1"),
                                      (TB, "release", "Tb-1"), (SA, "guarded", "Super-1")):
        body = rule_body(product, channel, mapping, alias=f"{product.lower()}-{channel}")
        if (product, channel) == (FX, "release") and variant.random() < 0.5:
            body["fallbackMapping"] = variant.choice(("Fx-1", "Fx-3"))  # itself mapped by an unprotected rule
        yield boss("POST", "/rules", body)
    for product, channel, role in ((FX, "release", "releng"), (SA, "guarded", "relman")):
        yield boss("POST", "/required_signoffs/product", {"product": product, "channel": channel, "role": role, "signoffs_required": 1})
    yield boss("POST", "/expectations", {"product": FX, "name": "nightly", "query": query_path(FX, "nightly"), "must": {"update": "always"}})
    if variant.random() < 0.5:
        yield boss("POST", "/required_signoffs/permissions", {"product": FX, "role": "secops", "signoffs_required": 1})


SECOND_ROLE = ("INSERT INTO product_req_signoffs (product, channel, role, signoffs_required, data_version)"
               f" VALUES ('{FX}', 'release', 'relman', 1, 1)")

KEPT = "attack_kept"  # a database beside that of the sandbox


class World:
    """Makes the world anew for each episode. What stays: the change feed, and who runs.

    What all worlds have is made by requests once, and kept in a second database, from which later worlds begin."""

    def __init__(self, database, reader, admin):
        self.database = database
        self.admin = admin
        self.is_kept = False
        skip = {"app_instances", "balrog_changes", "balrog_heartbeat", "dockerflow", "alembic_version"}
        skip |= {t for t in reader.columns if t.startswith("balrog_schema")}
        rows = database.run("SELECT table_name FROM information_schema.tables"
                            " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'")
        self.tables = [t for t in rows if t not in skip]
        self.counters = {t: 1 for t in self.read_counters()}

    def read_counters(self):
        """{table: the number that its next row gets} of the tables that number their rows."""
        rows = self.database.run("SELECT CONCAT(table_name, ' ', auto_increment) FROM information_schema.tables"
                                 " WHERE table_schema = DATABASE() AND auto_increment IS NOT NULL")
        found = {t: int(n) for t, n in (row.split(" ") for row in rows)}
        return {t: n for t, n in found.items() if t in self.tables}

    def reset(self, variant):
        self.restore()
        if not self.is_kept:
            self.database.run(f"INSERT INTO permissions (username, permission, options, data_version) VALUES ('{BOSS}', 'admin', NULL, 1)")
            self.play(common_seeds())
            self.keep()
        self.play(seeds(variant))
        # A second role for the channel would have to be scheduled and signed.
        self.database.run(SECOND_ROLE)

    def play(self, requests):
        for request in requests:
            x = self.admin.send(request)
            if not x.done:
                raise RuntimeError(f"the world cannot be made: {x.line()}")

    def keep(self):
        sql = [f"DROP DATABASE IF EXISTS {KEPT}", f"CREATE DATABASE {KEPT}"]
        sql += [f"CREATE TABLE {KEPT}.{t} AS SELECT * FROM {t}" for t in self.tables]
        self.database.run(";\n".join(sql))
        self.counters = self.read_counters()
        self.is_kept = True

    def restore(self):
        """Makes all tables what keep() has seen, or empty."""
        sql = ["SET FOREIGN_KEY_CHECKS = 0", "START TRANSACTION"]
        for table in self.tables:
            sql.append(f"DELETE FROM {table}")
            if self.is_kept:
                sql.append(f"INSERT INTO {table} SELECT * FROM {KEPT}.{table}")
        self.database.run(";\n".join(sql + ["COMMIT"]))
        now = self.read_counters()
        sql = [f"ALTER TABLE {t} AUTO_INCREMENT = {n}" for t, n in self.counters.items() if now[t] != n]
        if sql:
            self.database.run(";\n".join(sql))
