"""Piles of documents: how long until the first request, what looking at them takes, and whether a
session costs the same in a large pile as in a small one."""

import shutil
import tempfile
from pathlib import Path
from statistics import median

import peers
import spools
from running import Failed

# What a document takes on a file system in memory, with its entries and its transcript's.
BYTES_EACH = 8 << 10


def sizes(extent, largest):
    """The piles of an extent, up to the largest that is asked for."""
    default = {"all": 100_000, "small": 10_000, "smoke": 100}[extent]
    largest = largest or default
    first = 100 if extent == "smoke" else 1000
    return [size for size in (100, 10**3, 10**4, 10**5, 10**6) if first <= size <= largest]


def measure(bench, size):
    """One pile, on tmpfs."""
    _demand_memory(size)
    work = Path(tempfile.mkdtemp(dir=bench.places["tmpfs"], prefix="callspool-bench-"))
    try:
        root = work / "spool"
        spools.tiny(root, size)
        base = peers.base(bench.callspool, root)
        times = 1 if size > 10_000 or bench.extent == "smoke" else 3
        row = {"size": size}
        for title, words in (("inspect", ["inspect"]), ("summary", ["inspect", "--summary"]),
                             ("dry_run", ["dry-run", "--batch-size", "0"])):
            laps = [bench.stopwatch.run([*base, *words]) for _ in range(times)]
            row[title] = _medians(laps)
        with bench.sink(0, False) as sink:
            run = [*base, "-q", "--api-url", sink.url, "run", "--batch-size"]
            laps = []
            for _ in range(times):
                laps.append(_first_request(bench, sink, [*run, "1"]))
            row["first_request"] = _medians(laps) | {
                "seconds": median(lap["first"] for lap in laps)}
            row["run"] = _whole(bench, sink, [*run, "0"], size - times)
        return row
    finally:
        shutil.rmtree(work)


def _demand_memory(size):
    facts = Path("/proc/meminfo").read_text().split("MemAvailable:")
    if len(facts) > 1 and int(facts[1].split()[0]) << 10 < size * BYTES_EACH:
        raise Failed(f"a pile of {size:,} documents takes {size * BYTES_EACH >> 20:,} MiB of "
                     "memory, which is not there: make BACKLOG smaller")


def _first_request(bench, sink, command):
    sink.take()
    lap = bench.stopwatch.run(command)
    counts = sink.take()
    bench.demand([] if counts["posts"] == 1 else [f"posts: {counts['posts']}"], "a backlog's first")
    return lap | {"first": (counts["first_unix_ns"] - lap["started_unix_ns"]) / 1e9}


def _whole(bench, sink, command, left):
    sink.take()
    lap = bench.stopwatch.run(command)
    posts = sink.take()["posts"]
    bench.demand([] if posts == left else [f"posts: {posts}, not {left}"], "a backlog's run")
    return {"sessions": left, "cpu_each": lap["cpu"] / left, "wall_each": lap["wall"] / left,
            "rss_kib": lap["rss_kib"]}


def _medians(laps):
    return {"wall": median(lap["wall"] for lap in laps), "cpu": median(lap["cpu"] for lap in laps),
            "rss_kib": max(lap["rss_kib"] for lap in laps)}
