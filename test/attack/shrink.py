"""Shortens the list of requests of a faulty episode: leaves out what is not needed for the same rule to be broken."""
import time

from client import Request
from episode import Episode


def shows(stage, args, seed, requests, rule):
    """The episode that plays REQUESTS if it breaks RULE, else None."""
    episode = Episode(stage, seed, "seq", args)
    faults = episode.replay(requests)
    return episode if any(f.rule == rule for f in faults) else None


def shrink(stage, args, episode, rule, seconds):
    """The lines of the shortest list that was found in so many SECONDS."""
    end = time.monotonic() + seconds
    best = [x.request.to_json() for x in episode.exchanges if x.done or x in episode.last]
    found = shows(stage, args, episode.seed, best, rule)
    if found is None:
        return episode.trace()
    best = found.requests()
    size = max(1, len(best) // 2)
    while size >= 1 and time.monotonic() < end:
        i = 0
        while i < len(best) - 1 and time.monotonic() < end:
            shorter = best[:i] + best[min(i + size, len(best) - 1):]
            again = shows(stage, args, episode.seed, shorter, rule)
            if again is not None:
                found, best = again, again.requests()
            else:
                i += size
        size //= 2
    return [f"{Request(*parts).line()}" for parts in best]
