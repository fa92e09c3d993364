"""Who may change what, and which sign-offs a change needs: the rules of docs/authority.md over a State.

Nothing here looks at requests. A change of a live row is (table, old row or None, new row or None)."""
from state import LIVE, parse

# Accounts of programs may not sign off (admin.system_accounts in scripts/lib/sandbox-conf.sh).
SYSTEM_ACCOUNTS = {"balrogagent", "balrog-ffxbld", "balrog-tbirdbld", "seabld", "balrog-xpibld"}

THING = {
    "rules": "rule",
    "permissions": "permission",
    "user_roles": "permission",
    "product_req_signoffs": "required_signoff",
    "permissions_req_signoffs": "required_signoff",
    "emergency_shutoffs": "emergency_shutoff",
    "balrog_partial_stops": "emergency_shutoff",
    "pinnable_releases": "pinnable_release",
    "balrog_expectations": "rule",
}


# ---- permissions ----

def grants(state, user):
    """{permission: options} of USER."""
    return {key[1]: row["options"] or {} for key, row in state.live["permissions"].items() if key[0] == user}


def is_known(state, user):
    return bool(grants(state, user))


def covers(options, name, value):
    """Whether a permission with these OPTIONS holds for VALUE, a product or an action."""
    listed = options.get(name) if isinstance(options, dict) else None
    return not listed or value in listed


def holds(state, user, thing, actions, product):
    """Whether USER may do one of ACTIONS to THING of PRODUCT (None: what has no product). An `admin` that is limited
    to products counts for these alone, and the user's other permissions do not count beside it."""
    held = grants(state, user)
    if "admin" in held:
        return covers(held["admin"], "products", product)
    if thing not in held:
        return False
    options = held[thing]
    return covers(options, "products", product) and any(covers(options, "actions", a) for a in actions)


def is_admin(state, user, products):
    """Whether USER is an administrator for all of PRODUCTS."""
    held = grants(state, user)
    return "admin" in held and all(covers(held["admin"], "products", p) for p in products)


def roles(state, user):
    return {key[1] for key in state.live["user_roles"] if key[0] == user}


def holders(state, role):
    return {key[0] for key in state.live["user_roles"] if key[1] == role}


def confirmation_needed(state):
    """Whether a role that is granted now counts only after a second person has confirmed it."""
    return bool(state.live["permissions_req_signoffs"])


# ---- releases ----

def blob_of(state, name):
    row = state.served_row(name)
    return parse(row["data"]) or {} if row else {}


def members_of(blob):
    """The releases that a superblob is made of."""
    names = blob.get("blobs") if isinstance(blob, dict) and blob.get("schema_version") == 4000 else None
    return [n for n in names if isinstance(n, str)] if isinstance(names, list) else []


def superblobs_with(state, name):
    return {n for n in state.release_names() if name in members_of(blob_of(state, n))}


def release_product(state, name, change=None):
    """The products that a v2 release's assets belong to: the base's, or that of a base that is still scheduled."""
    row = state.live["releases_json"].get((name,))
    if row is None:
        waiting = [c.row["product"] for c in state.pending("releases_json") if c.row["name"] == name]
        return waiting[0] if waiting else (change or {}).get("product")
    return row["product"]


def partial_sources(blob):
    """The releases that a release's partials start from."""
    found = set()
    for platform in (blob.get("platforms") or {}).values():
        for locale in (platform.get("locales") or {}).values():
            found |= {p["from"] for p in locale.get("partials") or []}
    return found


def whole_blob(state, name):
    """The blob as it is served: for v2 with its locales."""
    blob = dict(blob_of(state, name))
    if (name,) in state.live["releases_json"]:
        platforms = {p: dict(v) for p, v in (blob.get("platforms") or {}).items()}
        for path, row in state.assets(name).items():
            _, _, platform, _, locale = path.split(".", 4)
            one = platforms.setdefault(platform, {})
            one["locales"] = dict(one.get("locales") or {})
            one["locales"][locale] = parse(row["data"]) or {}
        blob["platforms"] = platforms
    return blob


def content(state, name):
    """What is served under NAME, as a value that differs when it does. None if there is nothing."""
    row = state.served_row(name)
    if row is None:
        return None
    assets = state.assets(name) if (name,) in state.live["releases_json"] else {}
    return row["product"], row["data"], tuple(sorted((path, a["data"]) for path, a in assets.items()))


# ---- who may ----

def may(state, user, table, old, new):
    """Whether USER may change the row OLD to NEW (either may be None), sign-offs aside."""
    if table in ("releases", "releases_json"):
        return may_release(state, user, table, old, new)
    if table == "release_assets":
        product = release_product(state, (new or old)["name"], new)
        actions = ["modify"] + (["create"] if old is None else []) + (["delete"] if new is None else [])
        return holds(state, user, "release", actions, product) and \
            may_shadow(state, user, table, (new or old)["name"], actions)
    thing = THING[table]
    action = ["create"] if old is None else ["delete"] if new is None else ["modify"]
    if thing == "permission":
        return holds(state, user, thing, action, None)
    return all(holds(state, user, thing, action, row["product"]) for row in (old, new) if row is not None)


def may_shadow(state, user, table, name, actions):
    """A name that is in both release tables needs the rights for both products."""
    other = state.live["releases" if table != "releases" else "releases_json"].get((name,))
    if other is None or (table == "release_assets" and other["product"] is None):
        return True
    return holds(state, user, "release", actions, other["product"])


def may_release(state, user, table, old, new):
    name = (new or old)["name"]
    if old is None:
        return holds(state, user, "release", ["create"], new["product"]) and \
            may_shadow(state, user, table, name, ["modify"])  # it is served in the other one's place
    if new is None:
        return holds(state, user, "release", ["delete"], old["product"])
    if bool(old["read_only"]) != bool(new["read_only"]):
        action = ["set" if new["read_only"] else "unset"]
        if not holds(state, user, "release_read_only", action, old["product"]):
            return False
    if same_release_content(old, new):
        return bool(old["read_only"]) != bool(new["read_only"]) or \
            holds(state, user, "release", ["modify"], old["product"]) or \
            holds(state, user, "release_read_only", ["set", "unset"], old["product"])
    return all(holds(state, user, "release", ["modify"], row["product"]) for row in (old, new)) and \
        may_shadow(state, user, table, name, ["modify"])


def same_release_content(old, new):
    return old["product"] == new["product"] and parse(old["data"]) == parse(new["data"])


# ---- required sign-offs ----

def add(needs, role, count):
    needs[role] = max(needs.get(role, 0), count)


def channel_covers(channel, required):
    """Whether a rule for CHANNEL (None: all) serves the channel REQUIRED."""
    if not channel:
        return True
    if not channel.endswith("*"):
        return channel == required
    return len(channel) >= 3 and required.startswith(channel[:-1])


def needs_product(state, product, channel, needs):
    for row in state.live["product_req_signoffs"].values():
        if (not product or product == row["product"]) and channel_covers(channel, row["channel"]):
            add(needs, row["role"], row["signoffs_required"])


def needs_permission(state, product, needs):
    for row in state.live["permissions_req_signoffs"].values():
        if product is None or product == row["product"]:
            add(needs, row["role"], row["signoffs_required"])


def needs_release(state, name, needs):
    """What the rules and pins need that lead to NAME, directly or as a member of a superblob."""
    names = {name} | superblobs_with(state, name)
    for rule in state.live["rules"].values():
        if rule["mapping"] in names or rule["fallbackMapping"] in names:
            needs_product(state, rule["product"], rule["channel"], needs)
    for pin in state.live["pinnable_releases"].values():
        if pin["mapping"] in names:
            needs_product(state, pin["product"], pin["channel"], needs)


def needs_permission_row(state, row, needs):
    options = row["options"] if isinstance(row["options"], dict) else {}
    products = options.get("products")
    for product in products or [None]:
        needs_permission(state, product, needs)


def needs_of(state, table, old, new):
    """{role: how many} for the change of OLD to NEW in STATE."""
    needs = {}
    row = new or old
    if table == "balrog_partial_stops" and old is not None and new is not None:
        return needs  # only its comment may change: the model says so elsewhere ("conditions-changed")
    if table in ("rules", "emergency_shutoffs", "balrog_partial_stops"):
        for one in (old, new):
            # Shutting off must be quick; turning updates on again needs what a rule would need.
            if one is not None and not (table != "rules" and one is new):
                needs_product(state, one["product"], one["channel"], needs)
    elif table == "release_assets":
        needs_release(state, row["name"], needs)
    elif table in ("releases", "releases_json"):
        needs_of_release(state, old, new, needs)
    elif table == "permissions":
        for one in (old, new):
            if one is not None:
                needs_permission_row(state, one, needs)
    elif table in ("product_req_signoffs", "permissions_req_signoffs"):
        needs_of_required(state, table, row, old is None, needs)
    return needs


def needs_of_required(state, table, row, is_new, needs):
    """What is required already for the product (and channel) of ROW. A new row, which STATE may hold, does not count itself."""
    for key, one in state.live[table].items():
        same = (one["product"], one.get("channel")) == (row["product"], row.get("channel"))
        if same and not (is_new and key == key_of(table, row)):
            add(needs, one["role"], one["signoffs_required"])


def needs_of_release(state, old, new, needs):
    name = (new or old)["name"]
    if old is not None and new is not None:
        unlocks = old["read_only"] and not new["read_only"]
        if not unlocks and same_release_content(old, new):
            return
        needs_release(state, name, needs)
        if unlocks and not needs:
            needs_product(state, old["product"], None, needs)
        return
    # A v1 release that a v2 one of its name hides from clients may go.
    if not (new is None and "path" not in old and old is state.live["releases"].get((name,)) and (name,) in state.live["releases_json"]):
        needs_release(state, name, needs)


# ---- what a sign-off covers ----

def leads_to(change):
    """The names of the releases that a scheduled change puts before clients."""
    if change.type == "delete":
        return []
    if change.table == "rules":
        names = [change.row["mapping"], change.row["fallbackMapping"]]
    elif change.table == "pinnable_releases":
        names = [change.row["mapping"]]
    elif change.table in ("releases", "releases_json"):
        names = members_of(parse(change.row["data"]) or {})
    else:
        names = []
    return [n for n in names if n]


def fingerprint(state, change):
    """The content that somebody who signs CHANGE off in STATE has seen."""
    names = set(leads_to(change))
    for name in list(names):
        names |= set(members_of(blob_of(state, name)))
    return tuple((name, content(state, name)) for name in sorted(names))


# ---- what names a release ----

def references(state, name):
    """What stands in the way of deleting the release NAME, as texts."""
    found = []
    for table in ("rules", "pinnable_releases"):
        for key, row in state.live[table].items():
            if name in (row["mapping"], row.get("fallbackMapping")):
                found.append(f"{table} {key}")
    for change in state.all_pending():
        if change.row.get("name") != name and name in leads_to(change):
            found.append(f"{change} names it")
    found += [f"superblob {n}" for n in superblobs_with(state, name) if n != name]
    for mapped in mapped_releases(state):
        if mapped != name and name in partial_sources(whole_blob(state, mapped)):
            found.append(f"a partial of {mapped} starts from it")
    return found


def mapped_releases(state):
    names = set()
    for row in state.live["rules"].values():
        names |= {row["mapping"], row["fallbackMapping"]}
    names |= {row["mapping"] for row in state.live["pinnable_releases"].values()}
    names -= {None}
    for name in list(names):
        names |= set(members_of(blob_of(state, name)))
    return {n for n in names if state.served_row(n)}


def key_of(table, row):
    return tuple(row[name] for name in LIVE[table])
