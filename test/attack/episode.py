"""An episode: a world made anew, and steps that are each played and judged. It ends at the first fault."""
import random
import time
from concurrent.futures import ThreadPoolExecutor

from aims import classify
from client import Admin, Database, Exchange, Http, Request
from expected import Expected
from model import Model, Violation
from moves import KIND_OF, Mover
from plots import draw, hand
from served import Served
from state import Reader
from world import AGENT, World

SERVED_EVERY = 24  # steps between comparisons of what clients get
THREADS = 4


class Stage:
    """The running sandbox, and counts over all episodes. WHERE: what `scripts/sandbox up` printed. PASSWORD: everybody's, or None
    where nginx believes X-Test-User."""

    def __init__(self, where, password=None):
        self.database = Database(where["DB_SOCKET"], where["DB_NAME"])
        self.reader = Reader(self.database)
        self.admin = Admin(where["ADMIN_URL"], password)
        self.served = Served(Http(where["PUBLIC_URL"]))
        self.expected = Expected(self.admin)
        self.world = World(self.database, self.reader, self.admin)
        self.pool = ThreadPoolExecutor(THREADS)
        self.counts = {"steps": 0, "requests": 0, "done": 0, "enacted": 0, "signed": 0, "busy": 0}

    def summary(self):
        return ", ".join(f"{n} {name}" for name, n in self.counts.items()) + f", {self.served.answers} update queries" + \
            f", {self.expected.checks} checks of expectations"

    def writable_histories(self):
        """The histories in which the programs' accounts could change or remove rows, by their rights to tables."""
        return self.database.run(
            "SELECT CONCAT(User, ' ', Table_name) FROM mysql.tables_priv WHERE User IN ('balrog_admin', 'balrog_public')"
            " AND Table_name LIKE '%\\_history' AND (Table_priv LIKE '%Update%' OR Table_priv LIKE '%Delete%')")

    def close(self):
        self.pool.shutdown()
        self.database.close()


class Episode:
    def __init__(self, stage, seed, mode, args):
        self.stage, self.seed, self.mode, self.args = stage, seed, mode, args
        self.random = random.Random(seed)
        self.mover = Mover(self.random, args.agent)
        self.model = Model()
        self.exchanges = []
        self.hand = hand(seed, self.random, args.plot)  # plots to come
        self.running = []  # plots
        self.moved = []  # those of them that have a request in this step
        self.last = []
        self.concerned = set()

    def __str__(self):
        return f"episode seed {self.seed} ({self.mode}), step {len(self.exchanges)}"

    # ---- playing ----

    def play(self, end):
        """Plays until END (a time.monotonic()), a fault, or the last step; returns the faults that are not to be ignored."""
        self.begin()
        for step in range(self.args.steps):
            if time.monotonic() > end:
                break
            faults = self.step(self.choose(), step % SERVED_EVERY == SERVED_EVERY - 1)
            if faults:
                return self.wanted(faults)
        return self.wanted(self.step([], True))

    def wanted(self, faults):
        return [f for f in faults if f.rule not in self.args.ignore]

    def begin(self):
        self.stage.world.reset(random.Random(self.seed))
        self.state = self.stage.reader.read()
        self.stage.expected.forget()

    def replay(self, requests):
        """Plays REQUESTS, as Request.to_json() gives them; returns the faults."""
        self.begin()
        for parts in requests:
            faults = self.step([Request(*parts)], False)
            if faults:
                return faults
        return self.step([], True)

    def choose(self):
        self.moved = []
        if self.mode == "seq":
            return [self.one()]
        first = self.one()
        requests = [first]
        for _ in range(self.random.choice((1, 2, 3))):
            # The same once more, another attack on the same thing, or anything.
            what = self.random.random()
            if what < 0.15:
                requests.append(Request(first.actor, first.method, first.path, first.body, "twin"))
            elif what < 0.5:
                requests.append(self.rival(first))
            else:
                requests.append(self.one())
        return requests

    def rival(self, first):
        """A request about the same scheduled change or release as FIRST, if chance finds one soon."""
        aim = classify(first)
        for _ in range(12):
            request = self.mover.next(self.state)
            other = classify(request)
            if (aim.sc is not None and other.sc == aim.sc and other.tables == aim.tables) or \
                    (aim.name is not None and other.name == aim.name):
                return request
        return self.mover.next(self.state)

    def one(self):
        """The next request: of a plot that runs, of a new plot, or a random move."""
        if not self.args.no_random and self.random.random() < 0.35:
            return self.mover.next(self.state)
        for _ in range(20):
            # Requests of one plot depend on each other: they seldom go at once.
            waiting = [r for r in self.running if r not in self.moved or self.random.random() < 0.1]
            if not waiting or len(self.running) < 2 and self.random.random() < 0.5:
                plot = self.hand.pop() if self.hand else draw(self.random, self.args.plot)
                waiting = [[plot.__name__, plot(self.mover, self.state), True]]
                self.running += waiting
            running = self.random.choice(waiting)
            request = self.advance(running)
            if request is not None:
                self.moved.append(running)
                return request
        return self.mover.next(self.state)

    def advance(self, running):
        """The plot's next request, or None when it ended."""
        name, plot, fresh = running
        try:
            request = next(plot) if fresh else plot.send(self.state)
            running[2] = False
            while request is None:  # it only wanted to see the state
                request = plot.send(self.state)
        except StopIteration:
            self.running.remove(running)
            return None
        request.note = name
        return request

    def step(self, requests, look):
        """Sends REQUESTS at once and judges what came of it. LOOK: compare what clients get, too."""
        stage, before = self.stage, self.state
        outside = [r for r in requests if r.method == "SQL"]
        if outside:
            return self.step_outside(outside[0])
        if len(requests) > 1:
            exchanges = list(stage.pool.map(stage.admin.send, requests))
        else:
            exchanges = [stage.admin.send(r) for r in requests]
        self.state = stage.reader.read()
        exchanges += self.enacted_by_agent(before, exchanges)
        for x in exchanges:
            self.exchanges.append(x)
            x.number = len(self.exchanges)
            if self.args.verbose:
                print(f"[{x.request.note}] {x.line()}", flush=True)
        faults = []
        if exchanges:
            done = any(x.done for x in exchanges)
            written = stage.reader.written_by(before) if done else {}
            lost = stage.reader.kept(before) if done else []
            faults = self.model.step(before, self.state, exchanges, written, lost)
            if done:
                faults += [Violation(*f) for f in stage.expected.check(before, self.state)]
        if look and not faults:
            faults = [Violation(*f) for f in stage.served.check(self.state)]
            if faults and self.args.agent and not self.state.same(stage.reader.read()):
                faults = []  # the agent changed something meanwhile
        self.count(exchanges)
        self.last = exchanges
        return faults

    def enacted_by_agent(self, before, exchanges):
        """Requests that the agent must have made: changes that became complete without one of ours."""
        if not self.args.agent:
            return []
        found = []
        aims = [classify(x.request) for x in exchanges if x.done]
        for table, changes in self.state.changes.items():
            for sc_id, change in changes.items():
                was = before.changes[table].get(sc_id)
                ours = any("enact" in a.ops and a.touches(change) for a in aims)
                if change.complete and not (was and was.complete) and not ours:
                    kind = KIND_OF.get(table)
                    path = f"/scheduled_changes/{kind}/{sc_id}/enact" if kind else f"/v2/releases/{change.row['name']}/enact"
                    found.append(Exchange(Request(AGENT, "POST", path, {}, "agent"), 200, ""))
        return found

    def step_outside(self, request):
        """Another program writes to the database; that is not judged."""
        self.stage.database.run(request.path)
        self.stage.expected.forget()
        self.state = self.stage.reader.read()
        self.exchanges.append(Exchange(request, 200, "", len(self.exchanges) + 1))
        return []

    def count(self, exchanges):
        counts = self.stage.counts
        counts["steps"] += 1
        counts["requests"] += len(exchanges)
        counts["done"] += sum(x.done for x in exchanges)
        counts["enacted"] += sum(x.done and x.request.path.endswith("/enact") for x in exchanges)
        counts["signed"] += self.model.signed
        counts["busy"] += self.model.busy
        self.model.signed = self.model.busy = 0

    # ---- telling ----

    def requests(self):
        return [x.request.to_json() for x in self.exchanges]

    def signature(self):
        """What kind of step found the fault: methods and paths without names and numbers."""
        kinds = sorted(f"{x.request.method} {'/'.join(p for p in x.request.path.split('?')[0].split('/') if p.isalpha())}"
                       for x in self.last if x.done)
        return ", ".join(kinds)

    def trace(self):
        """The lines of the steps that concern the same things as the last one: they share a name or number with it."""
        wanted = set().union(*(self.subjects(x) for x in self.last)) if self.last else set()
        lines = [x.line() for x in self.exchanges if x in self.last or (x.done and self.subjects(x) & wanted)]
        return [line if len(line) < 260 else line[:200] + " … " + line[-50:] for line in lines[-30:]]

    @staticmethod
    def subjects(x):
        body = x.request.body or {}
        found = {p for p in x.request.path.split("?")[0].split("/") if any(c.isdigit() or c == "@" for c in p) and p != "v2"}
        for name in ("mapping", "rule_id", "name", "username"):
            found |= {str(body[name])} if body.get(name) else set()
        return found
