#!/usr/bin/env python3
"""Stands for the issuer of tokens, and answers when it is told to.

usage: slow_issuer.py DIR KEYS EMAIL    DIR/port gets the port once it listens on the loopback. /jwks is answered with the
file KEYS, once DIR/jwks exists, and /userinfo with EMAIL, once DIR/userinfo does. Ends on SIGTERM.
"""
import http.server
import os
import sys
import time

directory, keys, email = sys.argv[1:]


class Issuer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.strip("/")
        while not os.path.exists(os.path.join(directory, name)):
            time.sleep(0.02)
        body = open(keys, "rb").read() if name == "jwks" else b'{"email": "%s"}' % email.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


os.makedirs(directory)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
server.request_queue_size = 128
with open(os.path.join(directory, "port.new"), "w") as file:
    file.write(str(server.server_address[1]))
os.rename(os.path.join(directory, "port.new"), os.path.join(directory, "port"))
server.serve_forever()
