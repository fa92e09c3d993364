"""Requests to the admin and the public site, and the database's own client.

Only the standard library: the database is read through one long-lived `mariadb` process."""
import base64
import http.client
import json
import subprocess
import threading
import urllib.parse
from dataclasses import dataclass, field


@dataclass
class Request:
    """One request to the admin. BODY is sent as JSON unless it is None. NOTE says which move or plot made it."""
    actor: str
    method: str
    path: str
    body: dict = None
    note: str = ""

    def line(self):
        """The request on one line, as it is printed in a trace."""
        body = "" if self.body is None else " " + json.dumps(self.body, sort_keys=True)
        return f"{self.actor} {self.method} {self.path}{body}"

    def to_json(self):
        return [self.actor, self.method, self.path, self.body, self.note]


@dataclass
class Exchange:
    """A request and its answer."""
    request: Request
    status: int
    text: str
    number: int = 0
    what: dict = field(default_factory=dict)  # see model.classify()

    @property
    def done(self):
        """Whether the admin says that it did what was asked."""
        return 200 <= self.status < 300

    @property
    def actor(self):
        return self.request.actor

    def line(self):
        text = "" if self.done else " " + " ".join(self.text.split())[:160]
        return f"{self.number:4d} {self.request.line()} -> {self.status}{text}"


class Http:
    """Requests to one address; each thread has a connection of its own."""

    def __init__(self, url):
        self.host = urllib.parse.urlsplit(url).netloc
        self.local = threading.local()

    def ask(self, method, path, body=None, headers=None):
        """Returns (status, text). Raises OSError if there is no answer."""
        headers = dict(headers or {})
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        for attempt in (1, 2):
            fresh = getattr(self.local, "connection", None) is None
            if fresh:
                self.local.connection = http.client.HTTPConnection(self.host, timeout=60)
            try:
                self.local.connection.request(method, path, data, headers)
                answer = self.local.connection.getresponse()
                return answer.status, answer.read().decode("utf-8", "replace")
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                # nginx closed a connection that was kept; a fresh one that fails is an error.
                self.local.connection.close()
                self.local.connection = None
                if fresh or attempt == 2:
                    raise
            except Exception:
                self.local.connection = None
                raise
        return 0, ""


class Admin(Http):
    """The admin behind the sandbox's nginx. It takes the caller's name from X-Test-User or, if everybody has the PASSWORD,
    checks that."""

    def __init__(self, url, password=None):
        super().__init__(url)
        self.password = password

    def identity(self, actor):
        if actor == "-":
            return {}
        if self.password is None:
            return {"X-Test-User": actor}
        return {"Authorization": "Basic " + base64.b64encode(f"{actor}:{self.password}".encode()).decode()}

    def send(self, request):
        headers = self.identity(request.actor)
        status, text = self.ask(request.method, request.path, request.body, headers)
        return Exchange(request, status, text)


class Database:
    """SQL as the database's root, through one client process."""

    def __init__(self, socket, name):
        self.process = subprocess.Popen(
            ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "--default-character-set=utf8mb4",
             "--max-allowed-packet=1G", "--batch", "--raw", "--skip-column-names", "--unbuffered", "--force", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
        self.count = 0

    def run(self, sql):
        """Runs the statements and returns the lines that they print. Raises RuntimeError if one fails."""
        self.count += 1
        mark = f"@@end {self.count}"
        self.process.stdin.write(f"{sql.rstrip().rstrip(';')};\nSELECT '{mark}';\n")
        self.process.stdin.flush()
        lines = []
        while True:
            line = self.process.stdout.readline()
            if line == "":
                raise RuntimeError(f"the database's client ended: {lines[-3:]}")
            line = line.rstrip("\n")
            if line == mark:
                break
            lines.append(line)
        wrong = [line for line in lines if line.startswith("ERROR ")]
        if wrong:
            raise RuntimeError(f"{wrong[0]}: {sql[:300]}")
        return lines

    def close(self):
        self.process.stdin.close()
        self.process.wait()
