"""Batches: the same calls sent by each peer in turn, round after round."""

import os
import random
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import durability
import peers
from running import Failed
from spools import Spool

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Case:
    """So many calls of one size, over one kind of wire, from one kind of file system."""

    count: int
    size: int
    place: str
    wire: str = "http"

    @property
    def title(self):
        """What people call it."""
        return f"{self.count:,} x {size_text(self.size)}, {self.wire}, {self.place}"

    @property
    def latency_ms(self):
        """How late the sink answers."""
        return 20 if self.wire == "20 ms" else 0


def size_text(size):
    """A size as people say it."""
    for unit, name in ((GIB, "GiB"), (10**6, "MB"), (10**3, "KB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


def cases(extent):
    """The cases of an extent: `all`, `small` or `smoke`."""
    if extent == "smoke":
        return [Case(3, 10_000, place, wire) for place in ("tmpfs", "disk")
                for wire in ("http", "https")]
    shapes = [(1000, 100_000), (20, 20_000_000), (1, GIB)]
    if extent == "small":
        shapes = [(200, 100_000), (4, 20_000_000)]
    found = []
    for place in ("tmpfs", "disk"):
        for wire in ("http", "https", "20 ms"):
            for count, size in shapes:
                # A twentieth is enough where each session waits for the sink twice.
                share = 20 if wire == "20 ms" and count >= 100 else 1
                found.append(Case(count // share, size, place, wire))
    return found


def measure(case, bench):
    """Every peer in every round; what each took, by name, and its ratio to the floor."""
    competing = [peer for peer in bench.peers if _fits(peer, case)]
    work = Path(tempfile.mkdtemp(dir=bench.places[case.place], prefix="callspool-bench-"))
    try:
        spools = {count: Spool(work / f"spool-{count}", count, case.size)
                  for count in {_count(peer, case) for peer in competing}}
        with bench.sink(case.latency_ms, case.wire == "https") as sink:

            def lap(peer):
                return _lap(case, peer, spools[_count(peer, case)], sink, work, bench)

            # One round that is not counted, but where waiting outweighs what it warms.
            if not case.latency_ms and case.size < GIB:
                for peer in competing:
                    if peer.share == 1:
                        lap(peer)
            laps = {peer.name: [] for peer in competing}
            changes = []
            for _ in range(min(bench.rounds, 3) if case.latency_ms else bench.rounds):
                taken = []
                for peer in random.sample(competing, len(competing)):
                    taken += durability.changes(work, 10)
                    laps[peer.name].append(lap(peer))
                changes.append(median(taken))
        return _result(case, competing, laps, changes)
    finally:
        shutil.rmtree(work)


def _count(peer, case):
    """How many of the calls a peer gets: two at least, where there are two."""
    return max(min(case.count, 2), round(case.count * peer.share))


def _fits(peer, case):
    if case.size >= GIB:
        return peer.name in ("curl", "callspool", "python")
    return True


def _settle(case):
    if case.place == "disk":
        os.sync()


def _lap(case, peer, spool, sink, work, bench):
    spool.refill()
    command = peer.command(spool, sink, work)
    _settle(case)
    sink.take()
    lap = bench.stopwatch.run(command)
    wrong = peers.check(peer, spool, sink.take())
    if wrong:
        raise Failed(f"{case.title}, {peer.title}: " + "; ".join(wrong))
    return {"wall": lap["wall"] / spool.count, "cpu": lap["cpu"] / spool.count,
            "rss_kib": lap["rss_kib"], "sessions": spool.count}


def _result(case, competing, laps, changes):
    floor = laps["curl"]
    # Being durable at all: what curl does, and two durable changes a session, as they cost just then.
    durable = [base["wall"] + 2 * change for base, change in zip(floor, changes)]
    rows = []
    for peer in competing:
        own = laps[peer.name]
        ratios = [lap["wall"] / base["wall"] for lap, base in zip(own, floor)]
        rows.append({
            "peer": peer.name, "title": peer.title, "sessions": own[0]["sessions"],
            "wall": median(lap["wall"] for lap in own),
            "cpu": median(lap["cpu"] for lap in own),
            "rss_kib": max(lap["rss_kib"] for lap in own),
            "wall_ratio": median(ratios), "wall_ratio_range": [min(ratios), max(ratios)],
            "cpu_ratio": median(lap["cpu"] / base["cpu"] for lap, base in zip(own, floor)),
            "durable_ratio": median(lap["wall"] / line for lap, line in zip(own, durable)),
            "laps": own,
        })
    result = {"count": case.count, "size": case.size, "place": case.place, "wire": case.wire,
              "title": case.title, "rounds": len(changes), "changes": changes,
              "durable": median(durable), "peers": rows}
    print(f"  {case.title}: " + ", ".join(
        f"{row['peer']} {row['wall_ratio']:.2f}" for row in rows), file=sys.stderr)
    return result
