#!/usr/bin/env python3
"""What simulate.sh needs: bodies for POST /simulate, queries asked of balrog-public, and its answers held against a simulation."""
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


def value(answer, expression):
    """EXPRESSION, in which `a` is the answer."""
    print(eval(expression, {'a': read(answer)}))


COMMANDS = {function.__name__: function for function in (urls, many, replay, agrees, value)}
COMMANDS[sys.argv[1]](*sys.argv[2:])
