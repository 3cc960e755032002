"""The results as Markdown: a table for each thing that was measured."""

import json
import sys
from pathlib import Path
from statistics import median

import budget
import targets
from batches import size_text


def markdown(results):
    """All that was measured; what was not, says so."""
    texts = [_machine(results)]
    for part, section in (("batches", _batches), ("durability", _durability), ("counting", _counting),
                          ("startup", _startup), ("backlog", _backlog), ("scaling", _scaling),
                          ("cost", _cost)):
        if part in results:
            texts.append(section(results))
    texts += [targets.markdown(results), budget.markdown(results)]
    return "\n\n".join(text for text in texts if text) + "\n"


def table(header, rows):
    """A table; the first column holds texts, the others figures."""
    lines = ["| " + " | ".join(header) + " |",
             "| --- |" + " ---: |" * (len(header) - 1)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def duration(seconds):
    """A time in the unit that suits it."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.2f} ms"
    return f"{seconds * 1e6:.0f} µs"


def mib(kib):
    """A size of memory."""
    return f"{kib / 1024:.1f} MiB"


def _machine(results):
    machine = results["machine"]
    versions = ", ".join(
        text if text.lower().startswith(name.lower()[:2]) else f"{name} {text}"
        for name, text in machine["versions"].items() if name != "binary_bytes")
    places = ", ".join(f"{place}: {kind}" for place, kind in machine["file_systems"].items())
    return (
        f"Measured on {machine['cores']} cores of {machine['processor']}, "
        f"{machine['memory_gib']} GiB, {machine['kernel']}, load {machine['load']} at the start; "
        f"{places}. {versions}; {machine['versions']['binary_bytes']:,} bytes. "
        f"Extent `{results['extent']}`, {results['rounds']} rounds."
    )


def _batches(results):
    texts = ["### Batches", ""]
    for case in results["batches"]:
        rows = [(row["title"], row["sessions"], duration(row["wall"]), duration(row["cpu"]),
                 mib(row["rss_kib"]), _ratio(row), f"{row['durable_ratio']:.2f}", f"{row['cpu_ratio']:.2f}")
                for row in case["peers"]]
        texts += [f"**{case['title']}**", "", table(
            ("peer", "sessions", "wall a session", "processor a session", "peak memory",
             "wall, of curl's", "wall, of durable curl's", "processor, of curl's"), rows),
            "", _durable(case), ""]
    return "\n".join(texts).rstrip()


def _durable(case):
    change = median(case["changes"])
    ours = next(row["wall"] for row in case["peers"] if row["peer"] == "callspool")
    return (f"Durable curl is curl and two durable changes a session, each {duration(change)} just "
            f"then: {duration(case['durable'])} a session. Of callspool's wall time they are "
            f"{2 * change / ours:.0%}.")


def _ratio(row):
    least, most = row["wall_ratio_range"]
    return f"{row['wall_ratio']:.2f} ({least:.2f} to {most:.2f})"


def _durability(results):
    rows = [(place, *(duration(taken[name]) for name in ("median", "mean", "slowest")))
            for place, taken in results["durability"].items()]
    return "### Durability\n\n" + table(
        ("one durable change, of 200", "median", "mean", "slowest"), rows)


def _counting(results):
    calls = {title: each for title, each in results["counting"]["syscalls"].items() if each}
    steps = {title: each for title, each in results["counting"]["instructions"].items() if each}
    texts = ["### Counted, for one session of 100 KB"]
    if calls:
        texts.append(table(("system calls", "all", "syncs", "most"), [
            (title, f"{sum(each.values()):.1f}",
             f"{each.get('fsync', 0) + each.get('fdatasync', 0):.1f}", _most(each))
            for title, each in calls.items()]))
    if steps:
        texts.append(table(("instructions outside the kernel", "thousands"), [
            (title, f"{each['all'] / 1e3:,.0f}") for title, each in steps.items()]))
    if not (calls and steps):
        texts.append("What is missing here needs strace and valgrind.")
    return "\n\n".join(texts)


def _most(each):
    largest = sorted(each, key=each.get, reverse=True)[:8]
    return ", ".join(f"{name} {each[name]:.1f}" for name in largest)


def _startup(results):
    rows = [(row["title"], duration(row["wall"]), duration(row["pair"]), duration(row["cpu"]),
             mib(row["rss_kib"])) for row in results["startup"]]
    return "### Start-up on an empty spool\n\n" + table(
        ("", "wall", "/bin/true", "processor", "peak memory"), rows)


def _backlog(results):
    rows = []
    for row in results["backlog"]:
        run = row["run"]
        first = row["first_request"]
        rows.append((
            f"{row['size']:,}", duration(first["seconds"]), mib(first["rss_kib"]),
            *(f"{duration(row[name]['wall'])}, {mib(row[name]['rss_kib'])}"
              for name in ("inspect", "summary", "dry_run")),
            duration(run["cpu_each"]), mib(run["rss_kib"]),
        ))
    return "### Backlogs (tmpfs)\n\n" + table(
        ("pending", "first request after", "peak memory", "inspect", "inspect --summary",
         "dry-run", "processor a session, all sent", "peak memory, all sent"), rows)


def _scaling(results):
    texts = ["### Several at once, answers 20 ms late"]
    for kind, title in (("jobs", "--jobs"), ("shards", "processes with --shard")):
        rows = results["scaling"][kind]
        if rows is None:
            texts.append(f"{title}: not in this build.")
            continue
        texts.append(table((title, "wall a session", "processor a session", "times as fast"), [
            (row["width"], duration(row["wall"]), duration(row["cpu"]), f"{row['speedup']:.2f}")
            for row in rows]))
    return "\n\n".join(texts)


def _cost(results):
    rows = [(f"{size_text(row['size'])}, {row['place']}",
             *(duration(row["wall"][peer]) for peer in ("curl", "callspool", "python")))
            for row in results["cost"]]
    return "### Wall time a session by size\n\n" + table(
        ("recording", "curl", "callspool", "Python"), rows)


if __name__ == "__main__":
    print(markdown(json.loads(Path(sys.argv[1]).read_text())), end="")
