#!/usr/bin/env python3
"""Listens as a statsd server and as Sentry do, and writes down what arrives.

usage: listen.py DIR    DIR/ports gets "UDP-PORT HTTP-PORT" once both listen. Each packet becomes a line "SIZE" and its
lines in DIR/packets; each request's headers and body become DIR/request.N.head and .body. Ends on SIGTERM.
"""
import http.server
import itertools
import os
import socket
import sys
import threading


def keep(path, text, mode="wb"):
    with open(path, mode) as file:
        file.write(text)


class Sentry(http.server.BaseHTTPRequestHandler):
    numbers = itertools.count(1)
    directory = ""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = os.path.join(self.directory, "request.%d" % next(self.numbers))
        keep(name + ".head", ("%s %s\n%s" % (self.command, self.path, self.headers)).encode())
        keep(name + ".part", body)
        os.rename(name + ".part", name + ".body")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


def receive(udp, path):
    while True:
        packet = udp.recv(65536)
        keep(path, b"%d\n%s\n" % (len(packet), packet), "ab")


def main(directory):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    threading.Thread(target=receive, args=(udp, os.path.join(directory, "packets")), daemon=True).start()
    Sentry.directory = directory
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sentry)
    ports = "%d %d\n" % (udp.getsockname()[1], server.server_address[1])
    keep(os.path.join(directory, "ports.new"), ports.encode())
    os.rename(os.path.join(directory, "ports.new"), os.path.join(directory, "ports"))
    server.serve_forever()


if len(sys.argv) != 2:
    sys.exit(__doc__)
main(sys.argv[1])
