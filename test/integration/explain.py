#!/usr/bin/env python3
"""Holds what /explain says against what balrog-public answers.

Usage: explain.py [--every N] FILE…

Each FILE has a JSON object a line with a url and, perhaps, headers and a method, as conformance sets have them; .gz is
unpacked. Every update query among them, or only each Nth, is sent to PUBLIC_URL, and explained by ADMIN_URL (both from the environment):
status, the headers in HEADERS and the body have to be those of one outcome that /explain lists, byte for byte; of the
only one, where there is one. Prints a line per difference and, last, the tally.
"""
import gzip
import http.client
import json
import os
import re
import sys
from urllib.parse import quote, urlsplit

HEADERS = ('Content-Type', 'Rule-ID', 'Rule-Data-Version', 'Cache-Control', 'Strict-Transport-Security',
           'X-Content-Type-Options', 'Content-Security-Policy')
SHOWN = 20
FORM = re.compile(r'^/*(update/[1-6]|json/[12])/')


class Client:
    def __init__(self, url):
        self.address = urlsplit(url)
        self.connection = None

    def get(self, path, headers):
        for attempt in (0, 1):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=60)
            try:
                self.connection.request('GET', path, headers=headers)
                response = self.connection.getresponse()
                return response.status, response.headers, response.read()
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt:
                    raise
        return None


def queries(path, every):
    number = 0
    with gzip.open(path, 'rt') if path.endswith('.gz') else open(path) as lines:
        for line in lines:
            query = json.loads(line)
            if query.get('method', 'GET') == 'GET' and FORM.match(query['url']):
                number += 1
                if number % every == 0:
                    yield query


def outcome_of(status, headers, body):
    return status, tuple(headers.get(name) for name in HEADERS), body


def explained(admin, query):
    """([outcome], problem) as /explain has them."""
    url = '/explain?url=' + quote(query['url'], safe='')
    agent = query.get('headers', {}).get('User-Agent')
    if agent:
        url += '&user_agent=' + quote(agent, safe='')
    status, _, body = admin.get(url, {})
    answer = json.loads(body)
    if status != 200:
        return None, f'{status} {answer.get("detail")}'
    outcomes = answer['dice']['outcomes']
    shares = sum(o['percent'] for o in outcomes)
    if not answer['dice']['more'] and abs(shares - 100) > 1e-6:
        return None, f'the shares of all outcomes are {shares} %'
    return [outcome_of(o['status'], o['headers'], o['body'].encode()) for o in outcomes], None


def difference(public, admin, query):
    """What is wrong, or None; and in how many ways the query can be answered."""
    outcomes, problem = explained(admin, query)
    got = outcome_of(*public.get(query['url'], query.get('headers') or {}))
    if outcomes is None:
        # What no form fits is not an update query: it is answered with nothing, or is not there.
        empty = got[0] == 404 or b'<updates>\n</updates>' in got[2]
        return (None if problem.startswith('400 No form') and empty else f'{problem}; public says {got}'), 0
    if got not in outcomes:
        return f'public says {got}, explained are {outcomes}', len(outcomes)
    return None, len(outcomes)


def main(files, every):
    public, admin = Client(os.environ['PUBLIC_URL']), Client(os.environ['ADMIN_URL'])
    passed, failed, several = 0, 0, 0
    for path in files:
        for query in queries(path, every):
            wrong, ways = difference(public, admin, query)
            several += ways > 1
            if wrong is None:
                passed += 1
                continue
            failed += 1
            if failed <= SHOWN:
                print(f'FAILED: {query["url"]}: {wrong[:1500]}', file=sys.stderr)
    print(f'{several} queries have several outcomes')
    print(f'{passed} passed, {failed} failed')
    return failed > 0 or passed == 0


if __name__ == '__main__':
    if len(sys.argv) < 2 or '--help' in sys.argv:
        print(__doc__.strip())
        sys.exit(0 if '--help' in sys.argv else 2)
    arguments = sys.argv[1:]
    every = 1
    if arguments[0] == '--every':
        every = int(arguments[1])
        arguments = arguments[2:]
    sys.exit(main(arguments, every))
