#!/usr/bin/env python3
"""What simulate.sh needs: bodies for POST /simulate, queries asked of balrog-public, and its answers held against a simulation."""
import collections
import http.client
import json
import sys
import urllib.parse

EMPTY = '<?xml version="1.0"?>\n<updates>\n</updates>'


def read(name):
    with open(name, encoding='utf-8') as file:
        return json.load(file)


def urls(sample, changes):
    """The body with the paths of SAMPLE, each as often as it counts, decided without a draw."""
    paths = []
    with open(sample, encoding='utf-8') as file:
        for line in list(file)[1:]:
            entry = json.loads(line)
            if 'force=' not in entry['path']:
                paths += [entry['path'] + ('&' if '?' in entry['path'] else '?') + 'force=1'] * entry['count']
    print(json.dumps({'changes': json.loads(changes), 'sample': {'urls': paths}}))


def many(n):
    """The body with N different queries."""
    client = '/update/3/Firefox/{}.0/{}/WINNT_x86_64-msvc-x64/de/release/os/default/default/update.xml'
    paths = [client.format(i % 50 + 75, i + 20240000000000) for i in range(int(n))]
    print(json.dumps({'changes': [], 'sample': {'urls': paths}}))


def replay(body, url):
    """The answers of balrog-public at URL to the queries of BODY: a list of status and text, in their order."""
    server = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
    answers = []
    for path in read(body)['sample']['urls']:
        server.request('GET', path)
        response = server.getresponse()
        answers.append([response.status, response.read().decode()])
    print(json.dumps(answers))


def is_served(answer):
    return answer[0] == 200 and answer[1] != EMPTY


def count(before, after):
    """What a simulation should say of queries that were answered BEFORE, and then as AFTER says."""
    pairs = list(zip(before, after))
    return {
        'queries': len(pairs),
        'before': sum(is_served(b) for b, a in pairs),
        'after': sum(is_served(a) for b, a in pairs),
        'moved': sum(b != a and (is_served(b) or is_served(a)) for b, a in pairs),
        'newly_unserved': sum(is_served(b) and not is_served(a) for b, a in pairs),
        'newly_served': sum(is_served(a) and not is_served(b) for b, a in pairs),
    }


def agrees(simulation, before, after):
    """Fails unless SIMULATION counts what the answers BEFORE and AFTER show."""
    s = read(simulation)
    said = {
        'queries': s['queries'],
        'before': sum(s['before']['served'].values()),
        'after': sum(s['after']['served'].values()),
        'moved': s['moved_queries'],
        'newly_unserved': s['newly_unserved'],
        'newly_served': s['newly_served'],
    }
    wanted = count(read(before), read(after))
    if said != wanted or sum(m['queries'] for m in s['moved']) != s['moved_queries']:
        print(f'  answers:    {wanted}\n  simulation: {said}', file=sys.stderr)
        sys.exit(1)


# What tells the releases of conf/demo.sql apart in an answer.
MARKS = {
    'buildID="20200117190643"': 'Firefox-72.0.2-build1',
    'buildID="20240704121409"': 'Firefox-128.0-build1',
    'buildID="20240801122119"': 'Firefox-129.0-build2',
    'buildID="20240829075237"': 'Firefox-130.0-build3',
    'buildID="20240911091532"': 'Firefox-131.0b5-build1',
    'buildID="20240912213104"': 'Firefox-mozilla-central-nightly-latest',
    'buildID="20240805160811"': 'Thunderbird-115.14.0-build1',
    'buildID="20240829143210"': 'Thunderbird-128.2.0esr-build1',
    'firefox-users-windows-7': 'Firefox-desupport-windows7',
    'webcompat@mozilla.org': 'SystemAddons-Superblob',
    'MozillaVPN': 'FirefoxVPN-2.24.0',
}


def release_of(path, answer):
    """The release that ANSWER to PATH is made of; None without an update."""
    if not is_served(answer):
        return None
    for mark, name in MARKS.items():
        if mark in answer[1]:
            return name
    product = path.split('/')[3]
    return {'GMP': 'GMP-Superblob', 'OpenH264': 'OpenH264-2.3.2', 'Widevine': 'Widevine-4.10.2830.0',
            'SystemAddons': 'SystemAddons-none'}[product]


def moves(simulation, body, before, after):
    """Fails unless as many queries move from one release to another, in SIMULATION and in the answers BEFORE and AFTER."""
    paths, wanted = read(body)['sample']['urls'], collections.Counter()
    for path, b, a in zip(paths, read(before), read(after)):
        pair = (release_of(path, b), release_of(path, a))
        if b != a and pair != (None, None):
            wanted[pair] += 1
    s = read(simulation)
    said = {(m['from'], m['to']): m['queries'] for m in s['moved']}
    unserved = sum(n for (b, a), n in wanted.items() if a is None)
    if said != dict(wanted) or s['newly_unserved'] != unserved or s['moved_rest'] != 0:
        print(f'  answers:    {dict(wanted)}\n  simulation: {said}', file=sys.stderr)
        sys.exit(1)


def draws(simulation, side, url, n):
    """Fails unless N answers to URL are shared among releases as the SIDE of SIMULATION says, within five standard deviations."""
    address = urllib.parse.urlsplit(url)
    server, counts, n = http.client.HTTPConnection(address.netloc), collections.Counter(), int(n)
    for _ in range(n):
        server.request('GET', address.path)
        response = server.getresponse()
        counts[release_of(address.path, [response.status, response.read().decode()])] += 1
    for name, share in read(simulation)[side]['served'].items():
        if abs(counts[name] - n * share) > 5 * (n * share * (1 - share)) ** 0.5:
            print(f'  {n} draws: {dict(counts)}, and {name} should have {share}', file=sys.stderr)
            sys.exit(1)


def value(answer, expression):
    """EXPRESSION, in which `a` is the answer."""
    print(eval(expression, {'a': read(answer)}))


COMMANDS = {function.__name__: function for function in (urls, many, replay, agrees, moves, draws, value)}
COMMANDS[sys.argv[1]](*sys.argv[2:])
