"""How long the program takes to find that there is nothing to do."""

import shutil
import tempfile
from pathlib import Path
from statistics import median

import peers


def measure(bench):
    """Medians on an empty spool, each beside what starting any process takes."""
    rows = []
    work = Path(tempfile.mkdtemp(dir=bench.places["tmpfs"], prefix="callspool-bench-"))
    try:
        for name in ("call_metadata", "recordings", "conversations", "leads"):
            (work / "spool" / name).mkdir(parents=True)
        for wire in ("http", "https"):
            with bench.sink(0, wire == "https") as sink:
                command = [*peers.base(bench.callspool, work / "spool"), "-q", "--api-url",
                           sink.url, *peers.trust(sink), "run"]
                rows.append(_row(bench, f"run, {wire}", command))
        rows.append(_row(bench, "--version", [bench.callspool, "--version"]))
    finally:
        shutil.rmtree(work)
    return rows


def _row(bench, title, command):
    times = 50 if bench.extent != "smoke" else 3
    bench.stopwatch.laps(command, 3)
    laps = bench.stopwatch.laps(command, times, pair=shutil.which("true"))
    wall = median(lap["wall"] for lap in laps if not lap["is_pair"])
    pair = median(lap["wall"] for lap in laps if lap["is_pair"])
    return {"title": title, "wall": wall, "pair": pair, "times": times,
            "cpu": median(lap["cpu"] for lap in laps if not lap["is_pair"]),
            "rss_kib": max(lap["rss_kib"] for lap in laps)}
