#!/usr/bin/env python3
"""Checks the structure of fcgi/: the order of the folders, circles of files, names that exist twice, bare verbs.

The order of the folders is read from the table in docs/architecture.md, top first. What files call is read from the
objects of a build (nm), since includes alone do not show it. Prints one line per fault. Exit status: 0 no fault,
1 faults, 2 wrong usage.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def folder_order():
    """The rank of each folder of fcgi/, and those that nothing includes from.

    A file includes only from its own folder and from folders of a higher rank. One row of the table may name several
    folders: they are equals, which do not include from each other.
    """
    rank, closed, inside = {}, set(), False
    for line in (TOP / "docs/architecture.md").read_text().splitlines():
        if line.startswith("## "):
            inside = "folders of `fcgi/`" in line
        elif inside and line.startswith("| `"):
            names = re.findall(r"`(\w+)/`", line.split("|")[1])
            rank.update(dict.fromkeys(names, len(rank)))
            closed.update(names if "Nothing includes from it" in line else [])
    return rank, closed


def source_files():
    return sorted(TOP.glob("fcgi/*/*.[ch]"))


def plain_text(path):
    """The file without comments and without the contents of strings."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), path.read_text(), flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r"//.*", "", text))


def includes(path):
    return re.findall(r'^#include "(\w+)/(\w+)\.h"', path.read_text(), flags=re.M)


def upward_includes(rank, closed):
    for path in source_files():
        here = path.parent.name
        if here not in rank:
            yield f"{path.relative_to(TOP)}: docs/architecture.md does not list the folder {here}/"
            continue
        for folder, name in includes(path):
            if folder != here and (folder in closed or rank.get(folder, -1) <= rank[here]):
                yield f"{path.relative_to(TOP)}: includes {folder}/{name}.h, which is not below {here}/"


# ---- circles ----


def object_symbols(build, source):
    """[(kind, name)] as nm prints them; the object of a program's own file has the program's name in front."""
    folder = build / "fcgi" / source.parent.name
    found = [*folder.glob(f"{source.stem}.o"), *folder.glob(f"*-{source.stem}.o")]
    listing = subprocess.run(["nm", found[0]], check=True, capture_output=True, text=True)
    return [line.split()[-2:] for line in listing.stdout.splitlines()]


def symbols(build):
    """({symbol: unit that defines it}, {unit: symbols that it uses}); a unit is "folder/name"."""
    defined, used = {}, collections.defaultdict(set)
    for path in source_files():
        if path.suffix != ".c":
            continue
        unit = f"{path.parent.name}/{path.stem}"
        for kind, name in object_symbols(build, path):
            if kind == "U":
                used[unit].add(name)
            elif kind.isupper():
                defined[name] = unit
    return defined, used


def unit_graph(build):
    """{unit: {unit it needs: why}}: what its code calls, and what its header includes."""
    defined, used = symbols(build)
    graph = collections.defaultdict(dict)
    for unit, names in used.items():
        for name in names:
            if defined.get(name, unit) != unit:
                graph[unit][defined[name]] = name + "()"
    for path in TOP.glob("fcgi/*/*.h"):
        unit = f"{path.parent.name}/{path.stem}"
        for folder, name in includes(path):
            if f"{folder}/{name}" != unit:
                graph[unit].setdefault(f"{folder}/{name}", "include")
    return graph


def circles(graph):
    """The strongly connected components of more than one unit (Tarjan's algorithm)."""
    index, low, stack, found = {}, {}, [], []

    def visit(unit):
        index[unit] = low[unit] = len(index)
        stack.append(unit)
        for other in graph.get(unit, {}):
            if other not in index:
                visit(other)
                low[unit] = min(low[unit], low[other])
            elif other in stack:
                low[unit] = min(low[unit], index[other])
        if low[unit] == index[unit]:
            at = stack.index(unit)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    sys.setrecursionlimit(10000)
    for unit in sorted(graph):
        if unit not in index:
            visit(unit)
    return found


def circle_faults(build):
    graph = unit_graph(build)
    for circle in circles(graph):
        steps = [
            f"{a} -> {b} ({why})" for a in circle for b, why in sorted(graph[a].items()) if b in circle
        ]
        yield "a circle of files: " + ", ".join(steps)


# ---- names that exist twice ----


def struct_tags(text):
    return re.findall(r"\b(?:struct|union|enum)\s+(\w+)\s*\{", text)


def enumerators(text):
    for body in re.findall(r"\benum\b[^;{}()]*\{([^}]*)\}", text):
        body = re.sub(r"\([^()]*\)", "", body)
        for part in body.split(","):
            match = re.match(r"\s*(\w+)", part)
            if match and not match[1].isdigit():
                yield match[1]


def names_twice(what, names_of):
    places = collections.defaultdict(list)
    for path in source_files():
        for name in names_of(plain_text(path)):
            places[name].append(str(path.relative_to(TOP / "fcgi")))
    for name, where in sorted(places.items()):
        if len(where) > 1:
            yield f"{what} {name} exists {len(where)} times: {', '.join(where)}"


def externals_twice(build):
    places = collections.defaultdict(list)
    for path in source_files():
        if path.suffix != ".c":
            continue
        for kind, name in object_symbols(build, path):
            if kind in "BCDRTV" and name != "main":
                places[name].append(f"{path.parent.name}/{path.stem}")
    for name, where in sorted(places.items()):
        if len(where) > 1:
            yield f"the external name {name} exists {len(where)} times: {', '.join(where)}"


# ---- names that say too little ----

# In a backtrace of several files, a function with such a name says neither where one is nor what is done to what.
BARE_VERBS = set("""
    add advance allocate answer append apply ask begin bump change check choose clean close collect compare
    compute convert copy count decide describe do drop duplicate emit end enqueue enter explain fetch fill
    find finish free get grow handle hold init insert join judge keep leave list load lock look make match
    merge move note open parse pick prefetch prepare print process push put read receive record refuse release
    remove report reset resolve run save scan search send serve set settle show skip sort split start stop
    store take tell test trim update use visit wait walk watch work write
""".split())


def bare_verbs():
    for path in source_files():
        for name in re.findall(r"^static [^=;(){}]*\b(\w+)\(", plain_text(path), flags=re.M):
            if name in BARE_VERBS:
                yield f"{path.relative_to(TOP / 'fcgi')}: the function {name}: say what it does this to"


def main():
    global TOP
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--top", type=pathlib.Path, default=TOP, help="the tree to check; without it, this one")
    parser.add_argument("build", type=pathlib.Path, help="a directory in which all programs have been built")
    arguments = parser.parse_args()
    TOP = arguments.top.resolve()
    build = arguments.build
    if not (build / "fcgi").is_dir():
        parser.error(f"{build} holds no build")
    faults = [
        *upward_includes(*folder_order()),
        *circle_faults(build),
        *names_twice("the tag", struct_tags),
        *names_twice("the enumerator", enumerators),
        *externals_twice(build),
        *bare_verbs(),
    ]
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
