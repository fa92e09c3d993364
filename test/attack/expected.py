"""What expectations of a product that block are for: no request breaks one, whatever else happens at the same time."""
import json

from client import Request
from world import AGENT

PRODUCT = "Firefox"


class Expected:
    def __init__(self, admin):
        self.admin = admin
        self.checks = 0
        self.broken = None  # those that were broken after the last step; None: not known

    def forget(self):
        """Another program has written."""
        self.broken = None

    def check(self, before, after):
        """What requests between two states have broken, as (rule, text)."""
        was, self.broken = self.broken, self.ask(after)
        if was is None or self.broken is None:
            return []
        rows = [{key[1]: row for key, row in s.live["balrog_expectations"].items() if key[0] == PRODUCT} for s in (before, after)]
        same = {name for name, row in rows[0].items() if rows[1].get(name) == row}
        return [("expectation-broken", f"{name}: {why}") for name, why in sorted(self.broken.items()) if name in same and name not in was]

    def ask(self, state):
        """{name: why} of those that are broken; None if the account may not ask any more."""
        if not any(key[0] == PRODUCT for key in state.live["balrog_expectations"]):
            return {}
        answer = self.admin.send(Request(AGENT, "GET", f"/expectations/check?product={PRODUCT}"))
        if answer.status != 200:
            return None
        self.checks += 1
        return {x["name"]: x["why"] for x in json.loads(answer.text)["broken"]}
