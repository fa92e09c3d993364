#!/usr/bin/env python3
"""A stateful attacker: users of limited rights play random legal and illegal requests against a private sandbox; after each
step the database and what clients are served are held against a model of what may become live (docs/authority.md)."""
import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from episode import Episode, Stage  # noqa: E402
from shrink import shrink  # noqa: E402
from world import ACTORS  # noqa: E402

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PASSWORD = "attack"


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="A seed repeats a run exactly with --mode seq; with --mode par it repeats the requests, not their order at the server.\n"
               "An episode is a world made anew and --steps steps. On a fault: its rule, the trace of the steps concerned, and with\n"
               "--shrink the shortest list of requests that still shows it. Exit status: 0 nothing found, 1 faults, 2 no sandbox.")
    parser.add_argument("--seed", type=int, help="the first episode's seed (default: from the clock; it is printed)")
    parser.add_argument("--seconds", type=float, default=30, help="how long to play (default 30)")
    parser.add_argument("--episodes", type=int, default=0, help="stop after so many episodes (default: when the time is up)")
    parser.add_argument("--steps", type=int, default=120, help="steps of an episode (default 120)")
    parser.add_argument("--mode", choices=("seq", "par", "both"), default="both",
                        help="one request at a time, several at once, or episodes of both kinds in turn (default)")
    parser.add_argument("--until-fault", action="store_true", help="stop at the first fault")
    parser.add_argument("--ignore", action="append", default=[], metavar="RULE", help="end an episode quietly at a fault of this rule (may be repeated)")
    parser.add_argument("--shrink", type=float, default=0, metavar="SECONDS", help="spend so long on shortening each new fault's trace")
    parser.add_argument("--plot", action="append", default=[], help="play these plots alone, of test/attack/plots.py (may be repeated)")
    parser.add_argument("--no-random", action="store_true", help="no random moves between the plots' requests")
    parser.add_argument("--agent", action="store_true", help="run balrog-agent, too, and schedule some changes for at once (implies --mode par)")
    parser.add_argument("--replay", metavar="FILE", help="play the requests of FILE (a list as --save writes it) instead")
    parser.add_argument("--save", metavar="FILE", help="write the requests of the first faulty episode to FILE")
    parser.add_argument("--sandbox", metavar="DIR", help="where the sandbox is made, and kept (default: a temporary directory)")
    parser.add_argument("--verbose", action="store_true", help="print each request and its answer")
    return parser.parse_args()


def sandbox(command, directory, *options):
    done = subprocess.run([os.path.join(TOP, "scripts", "sandbox"), command, directory, *options], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(f"attack: scripts/sandbox {command} {directory} failed", file=sys.stderr)
        sys.exit(2)
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def start(directory, agent):
    """Starts the sandbox, in which expectations of Firefox block; returns its variables and the password. The agent needs nginx to
    check passwords."""
    block = "--set", "admin.expectations_block=Firefox"
    if not agent:
        return sandbox("up", directory, "--user-header", "X-Test-User", *block), None
    names = ACTORS + ["new@example.com"] + [f"ghost{n}@example.com" for n in range(1, 500)]
    passwords = directory + ".passwords"
    with open(passwords, "w", encoding="utf-8") as file:
        file.writelines(f"{name}:{{PLAIN}}{PASSWORD}\n" for name in names if name != "-")
    return sandbox("up", directory, "--passwords", passwords, "--agent", *block), PASSWORD


def report_rights(stage):
    """Prints the histories that the programs' accounts could rewrite."""
    rows = stage.writable_histories()
    if rows:
        print(f"\nFAULT history-writable: {len(rows)} rights to change or delete history, such as {rows[0]}")
    return rows


def play(stage, args, seed):
    """Plays episodes; returns how many of them were clean and how many faulty, after printing the faults."""
    end = time.monotonic() + args.seconds
    clean, faulty, seen, number = 0, 0, set(), 0
    started = time.monotonic()
    while time.monotonic() < end and (not args.episodes or number < args.episodes):
        mode = args.mode if args.mode != "both" else ("seq", "par")[number % 2]
        episode = Episode(stage, seed + number, mode, args)
        number += 1
        faults = episode.play(end)
        if not faults:
            clean += 1
            continue
        faulty += 1
        if not report(stage, args, episode, faults, seen, time.monotonic() - started):
            continue
        if args.until_fault:
            break
    return clean, faulty


def is_toothless(stage, args):
    """Whether a run that was long enough did nothing that matters: then it proves nothing."""
    missing = [name for name in ("done", "enacted", "signed") if not stage.counts[name]]
    if args.seconds < 20 or args.plot or args.episodes or args.until_fault or not missing:
        return False
    print(f"\nFAULT: in {args.seconds:.0f} s nothing was {' or '.join(missing)}: the attack has no teeth")
    return True


def report(stage, args, episode, faults, seen, seconds):
    """Prints what was found, once a rule and kind of request; returns whether any of it is new."""
    new = [f for f in faults if (f.rule, episode.signature()) not in seen]
    seen.update((f.rule, episode.signature()) for f in faults)
    if not new:
        return False
    print(f"\nFAULT after {seconds:.1f} s, {episode}")
    for fault in new:
        print(f"  {fault}")
    if args.save and not os.path.exists(args.save):
        with open(args.save, "w", encoding="utf-8") as file:
            json.dump({"seed": episode.seed, "requests": episode.requests()}, file, indent=1)
    if args.shrink and episode.mode == "seq":
        for line in shrink(stage, args, episode, new[0].rule, args.shrink):
            print(f"  | {line}")
    else:
        for line in episode.trace():
            print(f"  | {line}")
    sys.stdout.flush()
    return True


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox is taken down
    if args.agent:
        args.mode = "par"
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(10 ** 6)
    print(f"seed {seed}, {args.mode}, {args.steps} steps an episode", flush=True)
    directory = args.sandbox or tempfile.mkdtemp(prefix="balrog-attack-")
    try:
        stage = Stage(*start(directory, args.agent))
        faulty = bool(report_rights(stage))
        if args.replay:
            with open(args.replay, encoding="utf-8") as file:
                saved = json.load(file)
            episode = Episode(stage, saved["seed"], "seq", args)
            faults = episode.replay(saved["requests"])
            clean, faulty = (0, 1) if faults else (1, faulty)
            if faults:
                report(stage, args, episode, faults, set(), 0)
        else:
            clean, more = play(stage, args, seed)
            faulty += more + is_toothless(stage, args)
        print(stage.summary())
        stage.close()
    finally:
        if args.agent and os.path.exists(directory + ".passwords"):
            os.unlink(directory + ".passwords")
        if not args.sandbox:
            subprocess.run([os.path.join(TOP, "scripts", "sandbox"), "down", directory], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            subprocess.run(["rm", "-rf", "--", directory], check=False)
    print(f"{clean} passed, {faulty} failed")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
