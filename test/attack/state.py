"""One consistent picture of the database: the live tables, what is scheduled, sign-offs, and how long histories are."""
import functools
import json

# What clients get, or what decides about it, with the primary keys.
LIVE = {
    "rules": ("rule_id",),
    "releases": ("name",),
    "releases_json": ("name",),
    "release_assets": ("name", "path"),
    "permissions": ("username", "permission"),
    "user_roles": ("username", "role"),
    "product_req_signoffs": ("product", "channel", "role"),
    "permissions_req_signoffs": ("product", "role"),
    "emergency_shutoffs": ("product", "channel"),
    "balrog_partial_stops": ("stop_id",),
    "pinnable_releases": ("product", "channel", "version"),
    "balrog_expectations": ("product", "name"),
}
# All but these can be scheduled.
SCHEDULED = [t for t in LIVE if t not in ("user_roles", "balrog_expectations")]
# Tables that programs write by themselves.
NOISE = {"app_instances", "balrog_changes", "balrog_heartbeat", "dockerflow"}


@functools.lru_cache(maxsize=4096)
def parse(text):
    """A JSON text as a value; None if there is none or it is broken."""
    try:
        return json.loads(text) if text is not None else None
    except ValueError:
        return None


class Change:
    """A row of T_scheduled_changes, with the base table's columns apart."""

    def __init__(self, table, row):
        self.table = table
        self.id = row["sc_id"]
        self.type = row["change_type"]
        self.by = row["scheduled_by"]
        self.complete = bool(row["complete"])
        self.version = row["data_version"]
        self.row = {name[5:]: value for name, value in row.items() if name.startswith("base_")}
        self.key = tuple(self.row.get(name) for name in LIVE[table])

    def same_content(self, other):
        return self.row == other.row and self.type == other.type and self.by == other.by

    def __repr__(self):
        return f"{self.table} change {self.id}"


class State:
    """Rows are dicts by key; sign-offs are {(table, sc_id): {user: role}}."""

    def __init__(self):
        self.live = {t: {} for t in LIVE}
        self.changes = {t: {} for t in SCHEDULED}
        self.conditions = {t: {} for t in SCHEDULED}
        self.signoffs = {}
        self.others = {}  # tables of our own: rows, or (count, newest) of histories
        self.history = {}  # table: (count, last change_id)

    def pending(self, table):
        return [c for c in self.changes[table].values() if not c.complete]

    def all_pending(self):
        return [c for t in SCHEDULED for c in self.pending(t)]

    def signed(self, change):
        return self.signoffs.get((change.table, change.id), {})

    def release_tables(self, name):
        return [t for t in ("releases", "releases_json") if (name,) in self.live[t]]

    def release_names(self):
        return {key[0] for t in ("releases", "releases_json") for key in self.live[t]}

    def served_row(self, name):
        """The row whose content is served under NAME (v2 before v1), or None."""
        return self.live["releases_json"].get((name,)) or self.live["releases"].get((name,))

    def assets(self, name):
        return {key[1]: row for key, row in self.live["release_assets"].items() if key[0] == name}

    def same(self, other):
        """Whether nothing at all differs."""
        return not self.differences(other)

    def differences(self, other):
        """What differs between two states, as short texts."""
        found = []
        for t in LIVE:
            for key in sorted(set(self.live[t]) | set(other.live[t]), key=str):
                if self.live[t].get(key) != other.live[t].get(key):
                    found.append(f"{t} {key}")
        for t in SCHEDULED:
            for sc_id in sorted(set(self.changes[t]) | set(other.changes[t])):
                a, b = self.changes[t].get(sc_id), other.changes[t].get(sc_id)
                if a is None or b is None or vars(a) != vars(b):
                    found.append(f"{t} change {sc_id}")
            if self.conditions[t] != other.conditions[t]:
                found.append(f"{t} conditions")
        for name in ("signoffs", "others", "history"):
            if getattr(self, name) != getattr(other, name):
                found.append(name)
        return found


class Reader:
    """Reads states. The columns are read once."""

    def __init__(self, database):
        self.database = database
        self.columns = {}
        for line in database.run(
                "SELECT CONCAT(table_name, ' ', column_name) FROM information_schema.columns"
                " WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"):
            table, column = line.split(" ", 1)
            self.columns.setdefault(table, []).append(column)
        self.rows_tables = []
        for t in LIVE:
            self.rows_tables.append(t)
            if t in SCHEDULED:
                self.rows_tables += [t + "_scheduled_changes", t + "_scheduled_changes_conditions",
                                     t + "_scheduled_changes_signoffs"]
        self.histories = [t for t, columns in self.columns.items() if t.endswith("_history") and "change_id" in columns]
        # Tables of our own are small, but for the history of releases.
        known = set(self.rows_tables) | set(self.histories) | NOISE
        self.own = [t for t in self.columns if t.startswith("balrog_") and t not in known]
        self.sql = self.statements()

    def statements(self):
        parts = []
        for t in self.rows_tables:
            columns = ", ".join(f"`{c}`" for c in self.columns[t])
            parts.append(f"SELECT CONCAT('{t} ', JSON_ARRAY({columns})) FROM {t}")
        parts += [f"SELECT CONCAT('@h {t} ', COUNT(*), ' ', COALESCE(MAX(change_id), 0)) FROM {t}" for t in self.histories]
        for t in self.own:
            columns = ", ".join(f"`{c}`" for c in self.columns[t])
            sums = f"COUNT(*), ' ', COALESCE(SUM(CRC32(CONCAT_WS('|', {columns}))), 0)"
            parts.append(f"SELECT CONCAT('@o {t} ', {sums}) FROM {t}")
        # One statement: a round trip for each table would take most of a step's time.
        sql = ["START TRANSACTION WITH CONSISTENT SNAPSHOT", " UNION ALL ".join(parts)]
        sql.append("COMMIT")
        return ";\n".join(sql)

    def read(self):
        state = State()
        for line in self.database.run(self.sql):
            if line.startswith("@h "):
                _, table, count, last = line.split(" ")
                state.history[table] = (int(count), int(last))
            elif line.startswith("@o "):
                _, table, rest = line.split(" ", 2)
                state.others[table] = rest
            else:
                table, rest = line.split(" ", 1)
                self.add(state, table, dict(zip(self.columns[table], json.loads(rest))))
        return state

    @staticmethod
    def add(state, table, row):
        if table in LIVE:
            if "options" in row:
                row["options"] = parse(row["options"]) if isinstance(row["options"], str) else row["options"]
            state.live[table][tuple(row[name] for name in LIVE[table])] = row
        elif table.endswith("_conditions"):
            state.conditions[table[:-len("_scheduled_changes_conditions")]][row["sc_id"]] = row
        elif table.endswith("_signoffs"):
            base = table[:-len("_scheduled_changes_signoffs")]
            state.signoffs.setdefault((base, row["sc_id"]), {})[row["username"]] = row["role"]
        else:
            base = table[:-len("_scheduled_changes")]
            if isinstance(row.get("base_options"), str):
                row["base_options"] = parse(row["base_options"])
            state.changes[base][row["sc_id"]] = Change(base, row)

    def written_by(self, before):
        """{table: [changed_by, …]} of the history rows that are newer than the state BEFORE."""
        parts = []
        for t in self.histories:
            parts.append(f"SELECT CONCAT('{t} ', COALESCE(changed_by, '')) FROM {t} WHERE change_id > {before.history[t][1]}")
        found = {}
        for line in self.database.run(" UNION ALL ".join(parts)):
            table, user = line.split(" ", 1)
            found.setdefault(table, []).append(user)
        return found

    def kept(self, before):
        """The histories in which rows that BEFORE counts are gone."""
        parts = [f"SELECT CONCAT('{t} ', COUNT(*)) FROM {t} WHERE change_id <= {before.history[t][1]}" for t in self.histories]
        counts = dict(line.split(" ") for line in self.database.run(" UNION ALL ".join(parts)))
        return [t for t in self.histories if int(counts[t]) != before.history[t][0]]
