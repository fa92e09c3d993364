#!/usr/bin/env python3
"""Prints an access log of nginx as conf/nginx/public.conf.in writes it, of the last 20 hours; always of the same queries.

Usage: uptake_log.py LINES DISTINCT
"""
import random
import sys
import time

LINE = ('{"time":"%s","request_id":"%032x","client":"10.%d.%d.%d","request":"GET %s HTTP/1.1","status":200,"bytes":%d,'
        '"seconds":0.001,"upstream_status":"200","upstream_seconds":"0.001","backend":"stable","cache":"MISS",'
        '"host":"aus5.mozilla.org","agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:%d.0) Gecko/20100101 Firefox/%d.0"}')
PATH = ('/update/6/%s/%d.0/%d/%s/%s/%s/Windows_NT%%2010.0.0.0.%d%%20(x64)/ISET:SSE4_2,MEM:%d/default/default/update.xml%s')
PRODUCTS = ['Firefox'] * 7 + ['Thunderbird', 'Widevine']
CHANNELS = ['release'] * 6 + ['beta', 'nightly', 'esr']
TARGETS = ['WINNT_x86_64-msvc-x64', 'WINNT_x86-msvc-x86', 'Linux_x86_64-gcc3', 'Darwin_x86_64-gcc3-u-i386-x86_64']
LOCALES = ['en-US', 'de', 'fr', 'es-ES', 'ja', 'pt-BR', 'ru', 'zh-CN', 'it', 'pl']


def main(lines, distinct):
    random.seed(1)
    pick = random.choice
    paths = [PATH % (pick(PRODUCTS), random.randint(60, 135), 20200101000000 + i, pick(TARGETS), pick(LOCALES), pick(CHANNELS),
                     random.randint(10000, 22000), pick([4096, 8192, 16384]), pick(['', '', '', '?force=1']))
             for i in range(distinct)]
    weights = [1 / (k + 1) for k in range(distinct)]
    asked = list(range(distinct)) + random.choices(range(distinct), weights=weights, k=lines - distinct)
    random.shuffle(asked)
    start = int(time.time()) - 20 * 3600
    for i, path in enumerate(asked):
        at = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime(start + i * 20 * 3600 // lines))
        client = [random.randint(0, 255) for _ in range(3)]
        print(LINE % (at, random.getrandbits(128), *client, paths[path], random.randint(100, 900), i % 40 + 90, i % 40 + 90))


if __name__ == '__main__':
    if len(sys.argv) != 3 or '--help' in sys.argv:
        print(__doc__.strip())
        sys.exit(0 if '--help' in sys.argv else 2)
    main(int(sys.argv[1]), int(sys.argv[2]))
