"""What a request asks for, read from its method and path alone: so recorded requests can be judged, too."""
import re
import urllib.parse

KINDS = {
    "rules": "rules",
    "releases": "releases",
    "permissions": "permissions",
    "emergency_shutoff": "emergency_shutoffs",
    "partial_stops": "balrog_partial_stops",
    "pinnable_releases": "pinnable_releases",
    "required_signoffs/product": "product_req_signoffs",
    "required_signoffs/permissions": "permissions_req_signoffs",
}
V2_TABLES = {"releases_json", "release_assets"}


class Aim:
    """ops: some of direct, schedule, edit, drop, sign, revoke, enact, grant, confirm. tables: those it may write.
    sc: the scheduled change, or None. name: of the release, or None. user: whose sign-off, role or permission."""

    def __init__(self, ops=(), tables=(), sc=None, name=None, user=None, role=None):
        self.ops = set(ops)
        self.tables = set(tables)
        self.sc = sc
        self.name = name
        self.user = user
        self.role = role
        self.locale = False
        self.version = None  # the sc_data_version that a sign-off was given for

    def touches(self, change):
        """Whether it is about this scheduled change."""
        if change.table not in self.tables:
            return False
        if self.sc is not None:
            return self.sc == change.id
        return self.name is None or change.row.get("name") == self.name


def split_path(path):
    path, _, query = path.partition("?")
    parts = [urllib.parse.unquote(p) for p in path.strip("/").split("/")]
    if parts and parts[0] == "api":
        parts = parts[1:]
    return parts, dict(urllib.parse.parse_qsl(query))


def classify(request):
    """The Aim of a Request."""
    if request.method in ("GET", "HEAD", "SQL"):
        return Aim()
    parts, args = split_path(request.path)
    if parts[0] == "scheduled_changes":
        return scheduled(request, parts[1:], args)
    if parts[0] == "v2":
        return v2(request, parts[1:])
    if parts[0] == "users":
        return users(request, parts)
    if parts[0] == "rules":
        return Aim(["direct"], ["rules"])
    if parts[0] == "releases":
        aim = Aim(["direct"], ["releases"], name=parts[1] if len(parts) > 1 else None)
        aim.locale = len(parts) > 2 and parts[2] == "builds"
        if request.method == "PUT" and parts[-1] == "read_only":
            aim.ops.add("schedule")
        return aim
    if parts[0] == "expectations" and parts[1:] != ["check"]:
        return Aim(["direct"], ["balrog_expectations"])
    if parts[0] == "emergency_shutoff":
        return Aim(["direct"], ["emergency_shutoffs", "balrog_partial_stops"])
    if parts[0] == "partial_stops":
        return Aim(["direct"], ["balrog_partial_stops"])
    if parts[0] == "required_signoffs":
        return Aim(["direct"], [KINDS["/".join(parts[:2])]])
    return Aim()


def scheduled(request, parts, args):
    n = 2 if parts[0] == "required_signoffs" else 1
    table = KINDS.get("/".join(parts[:n]))
    rest = parts[n:]
    tables = [table] + (["user_roles"] if table == "permissions" else [])
    if not rest:
        return Aim(["schedule"], tables)
    sc = int(rest[0]) if re.fullmatch(r"\d+", rest[0]) else None
    what = rest[1] if len(rest) > 1 else ""
    if what == "signoffs":
        user = args.get("username", request.actor) if request.method == "DELETE" else request.actor
        aim = Aim(["revoke" if request.method == "DELETE" else "sign"], tables, sc, user=user)
        aim.version = (request.body or {}).get("sc_data_version")
        return aim
    if what == "enact":
        return Aim(["enact"], tables, sc)
    if request.method == "DELETE":
        return Aim(["drop"], tables, sc)
    return Aim(["edit"], tables, sc)


def v2(request, parts):
    if parts[0] == "pins":
        return Aim(["direct", "schedule"], ["pinnable_releases"])
    name, what = parts[1], parts[2] if len(parts) > 2 else ""
    if what == "signoff":
        return Aim(["revoke" if request.method == "DELETE" else "sign"], V2_TABLES, name=name, user=request.actor)
    if what == "enact":
        return Aim(["enact"], V2_TABLES, name=name)
    if what == "scheduled_changes":
        return Aim(["drop"], V2_TABLES, name=name)
    if what == "pinnable":
        return Aim(["direct", "schedule"], ["pinnable_releases"])
    return Aim(["direct", "schedule", "drop"], V2_TABLES, name=name)


def users(request, parts):
    if len(parts) > 4 and parts[4] == "confirm":
        return Aim(["confirm"], [], user=parts[1], role=parts[3])
    if parts[2] == "roles":
        return Aim(["direct", "grant"], ["user_roles"], user=parts[1], role=parts[3])
    return Aim(["direct"], ["permissions", "user_roles"], user=parts[1])
