"""Several sessions at once: by the jobs of one process, and by processes with a shard each."""

import shlex
import shutil
import tempfile
from pathlib import Path
from statistics import median

import peers
from spools import Spool

LATENCY_MS = 20
SIZE = 10_000
WIDTHS = (1, 2, 4, 8, 16)


def measure(bench):
    """What each width takes with a sink that answers late; None for what this build lacks."""
    count = {"all": 128, "small": 32, "smoke": 16}[bench.extent]
    work = Path(tempfile.mkdtemp(dir=bench.places["tmpfs"], prefix="callspool-bench-"))
    try:
        spool = Spool(work / "spool", count, SIZE)
        with bench.sink(LATENCY_MS, False) as sink:
            found = {}
            for kind, flag, command in (("jobs", "--jobs", _jobs), ("shards", "--shard", _shards)):
                if peers.has_flag(bench.callspool, flag):
                    found[kind] = _rows(bench, spool, sink, command)
                else:
                    found[kind] = None
            return found
    finally:
        shutil.rmtree(work)


def _rows(bench, spool, sink, command):
    laps = {width: [] for width in WIDTHS}
    for _ in range(min(bench.rounds, 3)):
        for width in WIDTHS:
            spool.refill()
            sink.take()
            laps[width].append(bench.stopwatch.run(command(bench, spool, sink, width)))
            ours = peers.Callspool(bench.callspool, width)
            bench.demand(peers.check(ours, spool, sink.take()), f"width {width}")
    alone = laps[WIDTHS[0]]
    return [{"width": width, "sessions": spool.count,
             "wall": median(lap["wall"] for lap in laps[width]) / spool.count,
             "cpu": median(lap["cpu"] for lap in laps[width]) / spool.count,
             "rss_kib": max(lap["rss_kib"] for lap in laps[width]),
             "speedup": median(one["wall"] / lap["wall"] for one, lap in zip(alone, laps[width]))}
            for width in WIDTHS]


def _jobs(bench, spool, sink, width):
    return [*_base(bench, spool, sink), "--jobs", width]


def _shards(bench, spool, sink, width):
    base = shlex.join(str(word) for word in _base(bench, spool, sink))
    each = [f"{base} --shard {shard}/{width} & all=\"$all $!\"" for shard in range(width)]
    wait = "for one in $all; do wait $one || exit; done"
    return ["sh", "-c", "\n".join(["all=", *each, wait])]


def _base(bench, spool, sink):
    return [*peers.base(bench.callspool, spool.root), "-q", "--api-url", sink.url,
            "run", "--batch-size", "0"]
