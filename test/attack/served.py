"""What clients get: update queries through nginx, compared with what the database's rows lead to."""
import re
import time

import authority as au
import world as w

MARK = re.compile(r"https://archive\.mozilla\.org/(c/[A-Za-z0-9.-]+/[a-z0-9-]+)")
VERSION = re.compile(r'appVersion="([0-9.]+)"')
PATIENCE = 5  # s until a change must be served; the loader looks every 250 ms


def best_rule(state, product, channel):
    def fits(rule):
        wanted = rule["channel"]
        glob = wanted and wanted.endswith("*") and len(wanted) >= 3 and channel.startswith(wanted[:-1])
        return rule["product"] in (None, product) and (not wanted or wanted == channel or glob)
    rules = [r for r in state.live["rules"].values() if fits(r)]
    return min(rules, key=lambda r: (-r["priority"], r["rule_id"])) if rules else None


def marks_of(state, name):
    """The marks of the files that a client gets from a release or, for a superblob, from its members."""
    blob = au.whole_blob(state, name)
    members = au.members_of(blob)
    if members:
        return set().union(*(marks_of(state, m) for m in members if not au.members_of(au.blob_of(state, m))))
    text = []
    if "addons" in blob:
        text = [p["fileUrl"] for a in blob["addons"].values() for p in a["platforms"].values()]
    else:
        locale = ((blob.get("platforms") or {}).get(w.PLATFORM) or {}).get("locales", {}).get(w.LOCALE) or {}
        text = [f["fileUrl"] for f in (locale.get("completes") or [])[:1]]  # a merge may have made two; the first is served
    return {m for t in text for m in MARK.findall(t)}


def stops_client(stop, product, channel):
    """Whether the partial stop matches the client of w.query_path()."""
    return ((stop["product"], stop["channel"]) == (product, channel) and stop["buildTarget"] in (None, w.PLATFORM)
            and (stop["locale"] is None or w.LOCALE in stop["locale"].split(",")) and stop["version"] in (None, "<2.0"))


def expected(state, product, channel):
    """(marks, whether they must be served): what the rows say. Rules that serve another product's release may be served nothing."""
    if (product, channel) in state.live["emergency_shutoffs"] or any(
            stops_client(stop, product, channel) for stop in state.live["balrog_partial_stops"].values()):
        return set(), True
    rule = best_rule(state, product, channel)
    name = rule and (rule["mapping"] if rule["backgroundRate"] == 100 else rule["fallbackMapping"])
    row = name and state.served_row(name)
    if not row:
        return set(), True
    return marks_of(state, name), row["product"] == product


class Served:
    def __init__(self, public):
        self.public = public
        self.answers = 0

    def get(self, product, channel, pin=None):
        status, text = self.public.ask("GET", w.query_path(product, channel, pin))
        self.answers += 1
        return status, text

    def check(self, state):
        """What is served and should not be, or is not and should be, as (rule, text)."""
        found = []
        for product, channels in w.CHANNELS.items():
            for channel in channels:
                why = self.wait(state, product, channel)
                if why:
                    found.append(("served-otherwise", why))
        for (product, channel, pin), row in state.live["pinnable_releases"].items():
            past = self.wait_pinned(product, channel, pin)
            if past:
                found.append(("served-past-pin", f"{product} {channel} pinned to {pin} (-> {row['mapping']}) got {past}"))
        return found

    def wait_pinned(self, product, channel, pin):
        """The versions beyond the pin that a pinned client goes on getting."""
        end = time.monotonic() + PATIENCE
        while True:
            status, text = self.get(product, channel, pin)
            past = [v for v in VERSION.findall(text) if self.is_past(v, pin)]
            if status != 200 or not past or time.monotonic() > end:
                return past if status == 200 else []
            time.sleep(0.02)

    @staticmethod
    def is_past(version, pin):
        if not re.fullmatch(r"\d+\.(\d+\.)?", pin):
            return False
        limit = [int(n) for n in pin.strip(".").split(".")]
        return [int(n) for n in version.split(".")][:len(limit)] > limit

    def wait(self, state, product, channel):
        wanted, must = expected(state, product, channel)
        end = time.monotonic() + PATIENCE
        while True:
            status, text = self.get(product, channel)
            got = set(MARK.findall(text))
            if status < 500 and got <= wanted and (got == wanted or not must):
                return None
            if time.monotonic() > end:
                return f"{product} {channel}: got {status} {sorted(got)}, expected {sorted(wanted)}"
            time.sleep(0.02)
