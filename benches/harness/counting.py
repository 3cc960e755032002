"""What can be counted instead of timed: system calls, and instructions outside the kernel. Both are
the same on a busy machine."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import peers
from spools import Spool

SIZE = 100_000


def measure(bench):
    """What one more session costs curl and callspool; None for what there is no tool for."""
    found = {"syscalls": {}, "instructions": {}}
    is_smoke = bench.extent == "smoke"
    for peer in bench.only(("curl", "callspool")).peers:
        for wire in ("http",) if is_smoke else ("http", "https"):
            title = f"{peer.title}, {wire}"
            found["syscalls"][title] = _each(bench, peer, wire, "strace", _syscalls)
            # A program that is not optimised takes valgrind a minute.
            if not is_smoke or peer.name == "curl":
                found["instructions"][title] = _each(bench, peer, wire, "valgrind", _instructions)
    return found


def _each(bench, peer, wire, tool, count):
    """What one more session costs, by name: a longer batch less a shorter one."""
    if not shutil.which(tool):
        return None
    few, many = (20, 60) if bench.extent != "smoke" else (2, 6)
    less, more = (_counted(bench, peer, wire, number, count) for number in (few, many))
    each = {name: (more[name] - less.get(name, 0)) / (many - few) for name in sorted(more)}
    return {name: number for name, number in each.items() if number > 0}


def _counted(bench, peer, wire, number, count):
    work = Path(tempfile.mkdtemp(dir=bench.places["tmpfs"], prefix="callspool-bench-"))
    try:
        spool = Spool(work / "spool", number, SIZE)
        spool.refill()
        with bench.sink(0, wire == "https") as sink:
            command = [str(word) for word in peer.command(spool, sink, work)]
            counts = count(bench, command, work / "counts")
            bench.demand(peers.check(peer, spool, sink.take()), f"counting, {peer.title}")
        return counts
    finally:
        shutil.rmtree(work)


def _syscalls(bench, command, out):
    _run(bench, ["strace", "-f", "-c", "-o", out, *command])
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z]\w*)$",
                      out.read_text(), re.MULTILINE)
    return {name: int(calls) for calls, name in rows if name != "total"}


def _instructions(bench, command, out):
    _run(bench, ["valgrind", "--tool=callgrind", f"--log-file={out}",
                 f"--callgrind-out-file={out}.callgrind", *command])
    collected = re.search(r"Collected : (\d+)", out.read_text())
    return {"all": int(collected[1])}


def _run(bench, command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env=bench.stopwatch.ENVIRONMENT)
