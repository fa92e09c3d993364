#!/usr/bin/env python3
"""Sends every operation of the admin API without usable credentials, and with paths that may confuse nginx and
balrog-admin about each other, and reports each answer that is not a refusal.

Usage: identity.py OPENAPI CONNECT [OPTION…]
  CONNECT                  unix:PATH or HOST:PORT
  --tls CERTIFICATE KEY    speak TLS and show this certificate ("" "": TLS without a certificate)
  --header 'NAME: VALUE'   a header of every request (may be repeated)
  --tricks                 the confusing paths; without it, each operation's own path, with and without /api
  --every N                only each Nth request
  --refusal STATUS         what a refusal is besides 401 (may be repeated)
The last line that it prints is how many requests were sent. Exit status 1 when one was not refused."""
import argparse
import concurrent.futures
import json
import re
import socket
import ssl

OPEN = ["__version__", "__heartbeat__", "__lbheartbeat__", "__metrics__"]
# Something that stands for each parameter of a path; names are those of conf/demo.sql, so that they exist.
VALUES = {"name": "Firefox-129.0-build2", "release": "Firefox-129.0-build2", "username": "releng@example.org", "permission": "rule", "role": "releng",
          "product": "Firefox", "channel": "release", "platform": "Linux_x86_64-gcc3", "locale": "de", "version": "1."}
BODY = json.dumps({"product": "Firefox", "channel": "release", "role": "releng", "options": None, "data_version": 1,
                   "old_data_version": 1, "old_data_versions": {".": 1}, "when": 4102444800000,
                   "change_type": "update", "read_only": True, "rule_id": 1, "signoffs_required": 1,
                   "name": "Firefox-129.0-build2", "blob": {}, "data": "{}", "priority": 1}).encode()


def operations(path):
    """(method, path with values) of each admin operation that needs to know its caller."""
    for pattern, methods in json.load(open(path))["paths"].items():
        for method, op in methods.items():
            # An empty alternative: without credentials anybody may read it.
            if isinstance(op, dict) and {} not in op.get("security", [{}]) and "admin" in op.get("x-programs", ["admin"]):
                yield method.upper(), re.sub(r"\{(\w+)\}", lambda m: VALUES.get(m[1], "1"), pattern)


def tricks(path):
    """Paths that somebody may take for another one than PATH, or for PATH although they are not."""
    parent, last = path.rsplit("/", 1)
    for base in {path, parent or path}:
        n = base.count("/")
        for to in OPEN:
            yield base + "/%2e/.." * n + "/" + to
        for up in ("/..", "/%2e%2e", "/%2E.", "/.%2e", "%2f..", "%2F%2e%2E", "/%252e%252e", "/..;", "\\..", "%5c.."):
            yield base + up * n + "/__version__"
    yield "/__version__/.." + path
    yield "/__version__/%2e%2e" + path
    yield "/__version__%2f.." + path
    yield "/__heartbeat__/." + path
    yield "/api" + path + "/%2e/.." * (path.count("/") + 1) + "/__version__"
    yield "/api/__version__/.." + path
    yield "http://localhost" + path
    yield "http://localhost/__version__/.." + path
    for tail in ("%00", "%00/../__version__", "#/../__version__", "?/../__version__", ";/../__version__", "%0a", "/.",
                 "/%2e", "%2f", "%20", "%", "%zz"):
        yield path + tail
    for head in ("/", "/.", "/%2e", "/%2f"):
        yield head + path
    yield parent + "%2f" + last
    yield parent + "/%00" + last


class Client:
    def __init__(self, options):
        self.to, self.tls, self.headers = options.connect, options.tls, options.header
        self.context = None
        if self.tls:
            self.context = ssl._create_unverified_context()
            if self.tls[0]:
                self.context.load_cert_chain(*self.tls)

    def open(self):
        if self.to.startswith("unix:"):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(30)
            s.connect(self.to[5:])
        else:
            host, port = self.to.rsplit(":", 1)
            s = socket.create_connection((host, int(port)), 30)
        return self.context.wrap_socket(s) if self.context else s

    def ask(self, method, target):
        """(status, media type, body) of one request, sent as it is given."""
        body = BODY if method in ("PUT", "POST") else b""
        head = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *self.headers]
        if body:
            head += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        answer = b""
        with self.open() as s:
            try:
                s.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
                while piece := s.recv(65536):
                    answer += piece
            except (ConnectionResetError, BrokenPipeError):
                pass  # refused before all of it was read
        head, _, body = answer.partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.1 (\d+)", head)
        kind = re.search(rb"(?im)^content-type: *([^;\r]*)", head)
        return int(status[1]) if status else 0, kind[1].decode() if kind else "", body.decode(errors="replace")


def is_open_answer(kind, body):
    """What anybody may read."""
    return bool(body == "OK!" or '"version":' in body or re.fullmatch(r"\d+", body) or "balrog_admin_requests_total" in body
                and kind == "text/plain")


def refused(status, kind, body, refusals, trick):
    if status in refusals:
        return True
    if not trick:
        return False
    return (status == 400 and (kind == "text/html" or "A path must not have" in body or "not in spec" in body) or status in (403, 405) and kind == "text/html"
            or status == 404 and ("The requested URL was not found" in body
                                  or "There is no such expectation" in body)  # /expectations/PRODUCT/NAME is for anybody to read
            or status == 405 and "The method is not allowed" in body or status == 200 and is_open_answer(kind, body))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("openapi")
    parser.add_argument("connect")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--tricks", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--refusal", action="append", type=int, default=[])
    options = parser.parse_args()
    client = Client(options)
    requests = [(method, target) for method, path in operations(options.openapi)
                for target in (tricks(path) if options.tricks else (path, "/api" + path))][::options.every]
    failures = 0

    def one(request):
        answer = client.ask(*request)
        return request, answer, refused(*answer, [401] + options.refusal, options.tricks)

    with concurrent.futures.ThreadPoolExecutor(48) as pool:
        for (method, target), (status, kind, body), ok in pool.map(one, requests):
            if not ok:
                failures += 1
                if failures <= 20:
                    print(f"{method} {target}: {status} {kind} {body[:150]!r}")
    print(len(requests))
    raise SystemExit(failures > 0)


main()
