"""Ten million calls a day, on paper, with what was measured."""

from statistics import median

import report
from batches import size_text

CALLS_A_DAY = 10_000_000
SECONDS_A_DAY = 86_400
# How much busier the busiest minutes are than the mean.
PEAK = 3
API_SECONDS = 0.1


def markdown(results):
    """The calculation, where its inputs were measured."""
    inputs = _inputs(results)
    if not inputs:
        return ""
    mean = CALLS_A_DAY / SECONDS_A_DAY
    rows = [
        ("calls a second, mean", f"{CALLS_A_DAY:,} / {SECONDS_A_DAY:,}", f"{mean:.0f}"),
        ("requests a second, mean", "2 x calls", f"{2 * mean:.0f}"),
        (f"calls a second at the peak ({PEAK} x the mean)", f"{PEAK} x {mean:.0f}",
         f"{PEAK * mean:.0f}"),
    ]
    for size, text in ((100_000, "100 KB"), (2_000_000, "2 MB"), (20_000_000, "20 MB")):
        rows.append((f"bandwidth at the mean, recordings of {text}", f"{mean:.0f} x 8 x {text}",
                     f"{mean * 8 * size / 1e9:.1f} Gbit/s"))
    place, wall, cpu, change = inputs
    at_latency = wall + 2 * API_SECONDS
    under_way = PEAK * mean * at_latency
    rows += [
        (f"sessions a second of one process, {place}, no latency (measured)",
         f"1 / {report.duration(wall)}", f"{1 / wall:.0f}"),
        ("processes for the peak, no latency", f"{PEAK * mean:.0f} x {report.duration(wall)}",
         f"{_ceil(PEAK * mean * wall)}"),
        ("cores for the peak", f"{PEAK * mean:.0f} x {report.duration(cpu)}",
         f"{PEAK * mean * cpu:.2f}"),
        ("durable changes a second at the peak (two a session)", f"2 x {PEAK * mean:.0f}",
         f"{2 * PEAK * mean:.0f}"),
        ("durable changes a second of one writer on this disk (measured)",
         f"1 / {report.duration(change)}", f"{1 / change:.0f}"),
        ("share of this disk's durable changes at the peak",
         f"2 x {PEAK * mean:.0f} x {report.duration(change)}",
         f"{2 * PEAK * mean * change:.0%}"),
        ("sessions under way at once at the peak, an API that answers in 100 ms",
         f"{PEAK * mean:.0f} x ({report.duration(wall)} + 2 x 100 ms)", f"{_ceil(under_way)}"),
        ("shards for that, one job each", "as many", f"{_ceil(under_way)}"),
        ("shards for that, 4 jobs each", f"{_ceil(under_way)} / 4", f"{_ceil(under_way / 4)}"),
        ("shards for that, 16 jobs each", f"{_ceil(under_way)} / 16", f"{_ceil(under_way / 16)}"),
    ]
    return ("### Ten million calls a day\n\n"
            + report.table(("what", "how", "figure"), rows))


def _ceil(number):
    return int(-(-number // 1))


def _inputs(results):
    fitting = [case for case in results.get("batches", [])
               if case["place"] == "disk" and case["wire"] == "https"]
    if not fitting:
        return None
    case = max(fitting, key=lambda case: case["count"])
    ours = next(row for row in case["peers"] if row["peer"] == "callspool")
    title = f"disk, https, {size_text(case['size'])}"
    return title, ours["wall"], ours["cpu"], median(case["changes"])
