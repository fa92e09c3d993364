#!/usr/bin/env python3
"""How many public hosts a number of clients needs, and how long an emergency shutoff takes through a CDN.

Prints the tables of docs/capacity.md. Most figures come from a formula for caches with a fixed lifetime; a simulation,
request by request, checks the formula ("check" table). Everything is deterministic: the same options and seed give the
same tables.

The model: each client sends an update query every INTERVAL hours, at a random moment; the rate follows a daily curve
(a cosine). URLs are requested with frequencies of a Zipf distribution. The CDN has POPS caches that know nothing of
each other; each keeps an answer for TTL seconds. What they lack is requested from HOSTS public hosts, each time from a
random one. Each host's nginx answers from its own cache when a URL is requested for the fourth time or later within
one second of the clock.
"""
import argparse
import collections
import math
import pathlib
import random
import re
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent.parent

# Measured inputs: option, default, what it is, the file that has it, and a text that this file must contain (checked by
# --check, so that a new measurement is not forgotten here).
Input = collections.namedtuple("Input", "option default what file text")
INPUTS = (
    Input("miss_us", 84, "µs of a core for a query that `balrog-public` answers: 2 cores at 23,890 a second, load "
          "generator included", "docs/performance.md", "| (e) 10,000 different URLs | 366 | 23890 |"),
    Input("hit_us", 45, "µs of a core for one that nginx answers from its cache: 2 cores at 44,483 a second",
          "docs/performance.md", "| (a), the micro-cache on | 44483 |"),
    Input("snapshot_mb", 82, "MB: a worker with 300 releases and 2,000 rules", "docs/performance.md",
          "| resident memory after the start, all workers (PSS) | 82 MB |"),
    Input("visible_ms", 250, "ms: longest time from a commit until it is visible, polling every 250 ms",
          "docs/performance.md", "| 239.85 ms (250.1 ms) |"),
    Input("ttl", 90, "s for which a CDN may keep an answer", "conf/balrog.conf", "#cache_control = public, max-age=90"),
    Input("min_uses", 3, "requests in a second until nginx keeps an answer", "conf/nginx/public.conf.in",
          "fastcgi_cache_min_uses 3;"),
    Input("idle_s", 30, "s for which nginx keeps an idle connection open", "conf/nginx/public.conf.in",
          "keepalive_timeout 30s;"),
)
# Options that no file of the tree says, most of them assumptions: name, default, help.
ASSUMED = (
    ("interval", 12.0, "hours between two queries of a client (app.update.interval)"),
    ("peak", 1.8, "the busiest moment's rate divided by the day's mean, 1 to 2"),
    ("urls", 1_000_000, "number of distinct URLs"),
    ("zipf", 1.0, "exponent of the Zipf distribution of the URLs: rank k is requested in proportion to 1/k^ZIPF"),
    ("pops", 50, "independent caches of the CDN; 1 with an origin shield"),
    ("cores", 8, "cores per host; throughput was measured on 2, and is taken to grow with them"),
    ("busy", 0.5, "share of the processors that may be used at the peak; the rest is head room"),
    ("spare", 2, "hosts more than needed, for failures and deploys"),
    ("tls_us", 875, "µs of a core for a client's new TLS connection, if nginx ends TLS: OpenSSL's s_server, 1,600 "
     "connections, ECDSA P-256"),
    ("answer_bytes", 1300, "bytes of an answer with headers"),
    ("worker_connections", 768, "nginx's connections per worker process (one per core); 768 is Debian's"),
    ("purge_s", 5.0, "seconds that a purge takes at the CDN"),
)
# What the options may be, least and most.
LIMITS = {"miss_us": (1, 1e6), "hit_us": (1, 1e6), "snapshot_mb": (1, 1e6), "visible_ms": (0, 1e6), "ttl": (1, 86400),
          "min_uses": (1, 1000), "idle_s": (0, 3600), "interval": (0.01, 1e4), "peak": (1, 2), "urls": (1, 1e9),
          "zipf": (0, 5), "pops": (1, 1e6), "cores": (1, 1024), "busy": (0.01, 1), "spare": (0, 1000),
          "tls_us": (0, 1e6), "answer_bytes": (1, 1e6), "worker_connections": (1, 1e6), "purge_s": (0, 86400)}
CLIENTS = (10**7, 10**8, 10**9)
POPULATIONS = (("few", 10_000, 1.1), ("default", None, None), ("many", 10_000_000, 0.8))
TTLS = (90, 60, 30, 10, 5, 1)


def url_groups(count, exponent):
    """Returns [(number of URLs, share of all queries per URL)]: the first 1,000 ranks singly, then groups of about 1 %."""
    groups, first = [], 1
    while first <= count:
        last = first if first <= 1000 else min(count, first + first // 100)
        groups.append((last - first + 1, ((first + last) / 2) ** -exponent))
        first = last + 1
    total = sum(n * weight for n, weight in groups)
    return [(n, weight / total) for n, weight in groups]


def cdn_miss_share(groups, rate, pops, ttl):
    """Returns the share of RATE queries per second that no cache of the CDN has. An entry lives TTL seconds from its fetch."""
    return sum(n * p / (1 + rate * p / pops * ttl) for n, p in groups)


def beyond(mean, uses):
    """Returns the expected number of requests beyond the first USES in a second, for Poisson arrivals with this MEAN."""
    if mean > 50 + uses:
        return mean - uses
    term, below = math.exp(-mean), 0.0
    for k in range(uses + 1):
        below += (uses - k) * term
        term *= mean / (k + 1)
    return max(0.0, mean - uses + below)


def nginx_hit_share(groups, rate, pops, ttl, hosts, uses):
    """Returns the share of the queries that reach the hosts which nginx's caches answer. TTL 0: there is no CDN."""
    arrivals = hits = 0.0
    for n, p in groups:
        url_rate = rate * p
        if ttl:
            url_rate /= 1 + url_rate / pops * ttl
        arrivals += n * url_rate
        hits += n * hosts * beyond(url_rate / hosts, uses)
    return hits / arrivals


def plan(o, clients, ttl, groups):
    """Returns what CLIENTS need at the peak, a dict: rates per second, cores in use, hosts needed and with the spare ones,
    µs of a core per query, and queries a day at the hosts. TTL 0: without a CDN, with TLS ended by nginx.
    """
    mean = clients / (o.interval * 3600)
    rate = mean * o.peak
    cdn_miss = cdn_miss_share(groups, rate, o.pops, ttl) if ttl else 1.0
    origin = rate * cdn_miss
    needed = 1
    while True:
        hit = nginx_hit_share(groups, rate, o.pops, ttl, needed, o.min_uses)
        per_query = hit * o.hit_us + (1 - hit) * o.miss_us + (0 if ttl else o.tls_us)
        cores = origin * per_query / 1e6
        enough = max(1, math.ceil(cores / (o.cores * o.busy)))
        if enough <= needed:
            break
        needed = enough
    hours = [mean * (1 + (o.peak - 1) * math.cos(2 * math.pi * h / 24)) for h in range(24)]
    day = sum(r * 3600 * (cdn_miss_share(groups, r, o.pops, ttl) if ttl else 1.0) for r in hours)
    return {"rate": rate, "cdn_hit": 1 - cdn_miss, "origin": origin, "nginx_hit": hit, "cores": cores, "needed": needed,
            "hosts": needed + o.spare, "day": day, "per_query": per_query}


def old_share(groups, rate, pops, ttl, after):
    """Returns the share of queries AFTER seconds after a change that get an answer which the CDN fetched before it."""
    if after >= ttl:
        return 0.0
    return sum(n * p * (rate * p / pops) * (ttl - after) / (1 + rate * p / pops * ttl) for n, p in groups)


def old_answers(groups, rate, pops, ttl):
    """Returns the number of queries that get such an answer, from the change until the last entry has expired."""
    return rate * sum(n * p * (rate * p / pops) * ttl * ttl / 2 / (1 + rate * p / pops * ttl) for n, p in groups)


def fetched_within(groups, rate, pops, seconds):
    """Returns the number of fetches in the first SECONDS after all caches of the CDN were emptied."""
    return sum(n * pops * -math.expm1(-rate * p / pops * seconds) for n, p in groups)


def simulate(o, *, urls, exponent, rate, pops, ttl, hosts, seconds, afters):
    """Simulates single requests: SECONDS that are counted, then a change, and TTL seconds more.

    At the start each cache has a random part of the URLs, of random age: if all were empty, the entries of frequent URLs
    would expire together, every TTL seconds. Returns the CDN's miss share, nginx's hit share, and a list: for each of
    AFTERS, the share of old answers around that many seconds after the change.
    """
    source = random.Random(o.seed)
    weights, total = [], 0.0
    for rank in range(1, urls + 1):
        total += rank ** -exponent
        weights.append(total)
    change, now = seconds, 0.0
    fetched, counts = {}, collections.Counter()
    for url in range(urls if ttl else 0):
        url_rate = rate / pops * (url + 1) ** -exponent / total
        for pop in range(pops):
            if source.random() < url_rate * ttl / (1 + url_rate * ttl):
                fetched[pop, url] = -ttl * source.random()
    second, uses = -1, collections.Counter()
    late = {after: [0, 0] for after in afters}
    while True:
        now += source.expovariate(rate)
        if now >= change + (ttl if afters else 0):
            break
        url = source.choices(range(urls), cum_weights=weights)[0]
        counted = now < change
        counts["all"] += counted
        key = (source.randrange(pops), url)
        if not ttl or now - fetched.get(key, -math.inf) >= ttl:
            fetched[key] = now
            counts["missed"] += counted
            if int(now) != second:
                second = int(now)
                uses.clear()
            host_key = (source.randrange(hosts), url)
            uses[host_key] += 1
            counts["nginx"] += counted and uses[host_key] > o.min_uses
        for after, seen in late.items():
            if abs(now - change - after) < 1:
                seen[0] += fetched[key] < change
                seen[1] += 1
    return (counts["missed"] / counts["all"], counts["nginx"] / counts["missed"],
            [old / every for old, every in late.values()])


def number(value):
    """Formats a number with three digits that count, and commas."""
    if value >= 1000:
        scale = 10 ** (int(math.log10(value)) - 2)
        return f"{round(value / scale) * scale:,}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def percent(share):
    return f"{100 * share:.1f} %"


def table(heads, rows):
    marks = ["---"] + ["--:"] * (len(heads) - 1)
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [heads]) + "\n|" + "|".join(marks) + "|\n" + \
        "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def power(count):
    exponent = round(math.log10(count))
    return f"10^{exponent}" if 10 ** exponent == count else f"{count:,}"


def inputs_table(o):
    rows = [(f"`--{i.option.replace('_', '-')}`", f"{getattr(o, i.option):,}", i.what, f"`{i.file}`") for i in INPUTS]
    rows += [(f"`--{name.replace('_', '-')}`", f"{getattr(o, name):,}", text,
              "measured, below" if name == "tls_us" else "assumed") for name, _, text in ASSUMED]
    heads = ("option", "value", "what", "from")
    return table(heads, rows).replace("|---|--:|--:|--:|", "|---|--:|---|---|")


def hosts_table(o):
    groups, rows = url_groups(o.urls, o.zipf), []
    for clients in CLIENTS:
        for ttl in (0, o.ttl):
            p = plan(o, clients, ttl, groups)
            rows.append((power(clients), "yes" if ttl else "no", number(p["rate"]), percent(p["cdn_hit"]) if ttl else "–",
                         number(p["origin"]), percent(p["nginx_hit"]), number(p["per_query"]), f"{p['cores']:.1f}",
                         f"{p['needed']} + {o.spare}", number(p["day"] / 1e6)))
    return table(("clients", "CDN", "queries/s, peak", "hits at the CDN", "queries/s at the hosts", "hits at nginx",
                  "µs of a core per query", "cores in use", "hosts", "million queries a day at the hosts"), rows)


def urls_table(o):
    rows = []
    for name, urls, exponent in POPULATIONS:
        urls, exponent = urls or o.urls, exponent or o.zipf
        groups = url_groups(urls, exponent)
        for clients in CLIENTS[1:]:
            edge = plan(o, clients, o.ttl, groups)
            shield = plan(argparse.Namespace(**{**vars(o), "pops": 1}), clients, o.ttl, groups)
            rows.append((f"{name}: {urls:,}, {exponent:g}", power(clients), percent(edge["cdn_hit"]), number(edge["origin"]),
                         edge["hosts"], percent(shield["cdn_hit"]), number(shield["origin"]), shield["hosts"]))
    return table(("URLs, exponent", "clients", f"hits, {o.pops} caches", "queries/s at the hosts", "hosts", "hits, with a shield",
                  "queries/s at the hosts", "hosts"), rows)


def limits_table(o):
    groups, rows = url_groups(o.urls, o.zipf), []
    for clients in CLIENTS[1:]:
        for ttl in (0, o.ttl):
            p = plan(o, clients, ttl, groups)
            share = 1 / p["needed"]
            opened = "few" if ttl else number(p["rate"] * o.idle_s * share)
            rows.append((power(clients), "yes" if ttl else "no", p["needed"], percent(p["cores"] * share / o.cores),
                         opened, f"{o.worker_connections * o.cores:,}",
                         1 if ttl else math.ceil(p["rate"] * o.idle_s / (o.worker_connections * o.cores)),
                         number(p["origin"] * o.answer_bytes * 8 / 1e6 * share), o.snapshot_mb * 2))
    return table(("clients", "CDN", "hosts without the spare ones", "processors, each", "open connections, each",
                  "of at most", "hosts for that", "Mbit/s of answers, each", "MB for two versions, each"), rows)


def shutoff_table(o):
    groups = url_groups(o.urls, o.zipf)
    moments = [m for m in (0, 10, 30, 60, 80) if m < o.ttl] + [o.ttl]
    rows = []
    for clients in CLIENTS:
        rate = clients / (o.interval * 3600) * o.peak
        rows.append((power(clients), *(percent(old_share(groups, rate, o.pops, o.ttl, m)) for m in moments),
                     number(old_answers(groups, rate, o.pops, o.ttl))))
    return table(("clients", *(f"after {m} s" for m in moments), "old answers in all"), rows)


def ttl_table(o):
    groups, rows = url_groups(o.urls, o.zipf), []
    for clients in CLIENTS[1:]:
        rate = clients / (o.interval * 3600) * o.peak
        for ttl in sorted({o.ttl, *TTLS}, reverse=True):
            p = plan(o, clients, ttl, groups)
            rows.append((power(clients), ttl, f"{ttl + 1 + o.visible_ms / 1000:.2f} s",
                         number(old_answers(groups, rate, o.pops, ttl)),
                         percent(p["cdn_hit"]), number(p["origin"]), p["hosts"], number(p["day"] / 1e6)))
    return table(("clients", "max-age", "longest time to a shutoff", "old answers in all", "hits at the CDN",
                  "queries/s at the hosts", "hosts", "million queries a day at the hosts"), rows)


def purge_table(o):
    groups, rows = url_groups(o.urls, o.zipf), []
    for clients in CLIENTS[1:]:
        p = plan(o, clients, o.ttl, groups)
        first, ten = (fetched_within(groups, p["rate"], o.pops, s) / s for s in (1, 10))
        room = p["hosts"] * o.cores * 1e6 / o.miss_us
        rows.append((power(clients), f"{o.purge_s + o.visible_ms / 1000 + 1:.2f} s", number(p["origin"]), number(first),
                     number(ten), p["hosts"], number(room), percent(p["rate"] / room)))
    return table(("clients", "longest time to a shutoff", "queries/s at the hosts before", "in the first second after",
                  "mean of the first 10 s", "hosts, the spare ones too", "queries/s that they can answer",
                  "of it, if the CDN kept nothing"), rows)


def check_table(o):
    """Compares formula and simulation with a population that is small enough. Exits if they differ by over 2 points."""
    rows = []
    cases = (("CDN, 4 caches", dict(urls=2000, exponent=1.0, rate=150.0, pops=4, ttl=90, hosts=1, seconds=180,
                                    afters=(10, 45, 80))),
             ("no CDN, 2 hosts", dict(urls=2000, exponent=1.0, rate=2000.0, pops=1, ttl=0, hosts=2, seconds=12,
                                      afters=())))
    for name, case in cases:
        groups = [(1, (k ** -case["exponent"])) for k in range(1, case["urls"] + 1)]
        total = sum(p for _, p in groups)
        groups = [(n, p / total) for n, p in groups]
        missed, nginx, late = simulate(o, **case)
        rate, pops, ttl = case["rate"], case["pops"], case["ttl"]
        pairs = [("hits at nginx", nginx_hit_share(groups, rate, pops, ttl, case["hosts"], o.min_uses), nginx)]
        if ttl:
            pairs = [("hits at the CDN", 1 - cdn_miss_share(groups, rate, pops, ttl), 1 - missed)] + pairs
        pairs += [(f"old answers after {after} s", old_share(groups, rate, pops, ttl, after), share)
                  for after, share in zip(case["afters"], late)]
        for what, formula, simulated in pairs:
            rows.append((name, what, percent(formula), percent(simulated)))
            if abs(formula - simulated) > 0.02:
                sys.exit(f"capacity.py: {name}, {what}: the formula says {percent(formula)}, the simulation "
                         f"{percent(simulated)}")
    return table(("case", "what", "formula", "simulated"), rows)


TABLES = {"inputs": inputs_table, "hosts": hosts_table, "urls": urls_table, "limits": limits_table, "shutoff": shutoff_table,
          "max-age": ttl_table, "purge": purge_table, "check": check_table}
BLOCK = re.compile(r"<!-- capacity\.py: (\S+) -->\n(.*?)\n<!-- end -->", re.S)


def check_document(path, tables):
    """Returns the faults of the document PATH: tables that differ or lack, and inputs that are no longer in their files."""
    found = dict(BLOCK.findall(path.read_text(encoding="utf-8")))
    faults = [f"{path}: the table '{name}' is missing" for name in tables if name not in found]
    faults += [f"{path}: capacity.py has no table '{name}'" for name in found if name not in tables]
    faults += [f"{path}: the table '{name}' is not what capacity.py prints; run test/bench/capacity.py --write {path}"
               for name in tables if name in found and found[name] != tables[name]]
    for i in INPUTS:
        if i.text not in (TOP / i.file).read_text(encoding="utf-8"):
            faults.append(f"{i.file} no longer has '{i.text}': put the new value of {i.option} into capacity.py's INPUTS")
    return faults


def write_document(path, tables):
    """Puts the tables into their places in the document PATH."""
    text = path.read_text(encoding="utf-8")
    text = BLOCK.sub(lambda m: f"<!-- capacity.py: {m[1]} -->\n{tables.get(m[1], m[2])}\n<!-- end -->", text)
    path.write_text(text, encoding="utf-8")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Exit status: 0, 1 when --check or the simulation finds a difference, "
                                            "2 when called wrongly.")
    for name, default, text in [(i.option, i.default, i.what) for i in INPUTS] + list(ASSUMED):
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default, metavar="N",
                            help=f"{text.replace('%', '%%')} (default: {default:,})")
    parser.add_argument("--seed", type=int, default=1, help="of the simulation's random numbers (default: 1)")
    parser.add_argument("--table", choices=TABLES, help="print only this table")
    parser.add_argument("--check", metavar="DOCUMENT", type=pathlib.Path, help="compare with the tables of docs/capacity.md")
    parser.add_argument("--write", metavar="DOCUMENT", type=pathlib.Path, help="put the tables into docs/capacity.md")
    o = parser.parse_args()
    for name, (least, most) in LIMITS.items():
        if not least <= getattr(o, name) <= most:
            parser.error(f"--{name.replace('_', '-')} must be {least:g} to {most:g}, not {getattr(o, name):g}")
    return o


def main():
    o = options()
    if o.table:
        print(TABLES[o.table](o))
        return 0
    tables = {name: make(o) for name, make in TABLES.items()}
    if o.write:
        write_document(o.write, tables)
    elif o.check:
        faults = check_document(o.check, tables)
        print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
        return bool(faults)
    else:
        for name, text in tables.items():
            print(f"### {name}\n\n{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
