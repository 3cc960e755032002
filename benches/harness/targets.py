"""What was aimed at, and whether it was reached."""

from statistics import median

import report

MIB_IN_KIB = 1024


def markdown(results):
    """A table of the targets that were measured."""
    rows = [(text, goal, there, "met" if is_met else "**not met**")
            for text, goal, there, is_met in judge(results)]
    if not rows:
        return ""
    return "### Targets\n\n" + report.table(("target", "goal", "measured", ""), rows)


def judge(results):
    """Each target that the results tell of: what, the goal, what was measured, whether it is met."""
    for case in results.get("batches", []):
        yield from _batch(case)
    for row in results.get("startup", []):
        if row["title"].startswith("run"):
            yield (f"start-up, {row['title']}", "< 5 ms", report.duration(row["wall"]),
                   row["wall"] < 0.005)
    yield from _backlogs(results.get("backlog", []))
    jobs = (results.get("scaling") or {}).get("jobs")
    for row in jobs or []:
        if row["width"] == 4:
            yield ("4 jobs at 20 ms", ">= 3.5 x", f"{row['speedup']:.2f} x", row["speedup"] >= 3.5)
    size = results["machine"]["versions"]["binary_bytes"]
    yield "the program's size", "< 6,000,000 bytes", f"{size:,}", size < 6_000_000


def _batch(case):
    if case["wire"] == "20 ms":
        return
    rows = {row["peer"]: row for row in case["peers"]}
    ours, python = rows["callspool"], rows.get("python")
    title = case["title"]
    if case["count"] == 1:
        yield (f"{title}: wall", "<= 1.05 x curl", f"{ours['wall_ratio']:.2f} x",
               ours["wall_ratio"] <= 1.05)
        yield (f"{title}: peak memory", "< 16 MiB", report.mib(ours["rss_kib"]),
               ours["rss_kib"] < 16 * MIB_IN_KIB)
        return
    if case["place"] == "tmpfs":
        yield (f"{title}: wall", "<= 1.15 x curl", f"{ours['wall_ratio']:.2f} x",
               ours["wall_ratio"] <= 1.15)
    else:
        yield (f"{title}: wall", "<= curl + 2 durable changes a session",
               f"{ours['durable_ratio']:.2f} x", ours["durable_ratio"] <= 1)
    if python and case["place"] == "disk":
        times = median(theirs["wall"] / own["wall"]
                       for theirs, own in zip(python["laps"], ours["laps"]))
        yield f"{title}: wall", ">= 2 x as fast as Python", f"{times:.1f} x", times >= 2
    if python and case["place"] == "tmpfs" and case["size"] <= 100_000:
        share = median(theirs["cpu"] / own["cpu"]
                       for theirs, own in zip(python["laps"], ours["laps"]))
        yield f"{title}: processor", "<= 1/10 of Python's", f"1/{share:.1f}", share >= 10


def _backlogs(rows):
    for row in rows:
        if row["size"] == 1_000_000:
            first = row["first_request"]
            yield ("first request, 1,000,000 pending", "< 2 s",
                   report.duration(first["seconds"]), first["seconds"] < 2)
            yield ("peak memory, 1,000,000 pending", "< 128 MiB", report.mib(first["rss_kib"]),
                   first["rss_kib"] < 128 * MIB_IN_KIB)
    costs = [(row["size"], row["run"]["cpu_each"]) for row in rows]
    if len(costs) > 1:
        (small, least), (large, most) = costs[0], costs[-1]
        spread = most / least - 1
        yield (f"processor a session, {small:,} to {large:,}", "flat (10 %)", f"{spread:+.0%}",
               spread <= 0.10)
