"""What being durable costs: one durable change on this disk, and how many a session takes."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import peers
from spools import Spool

CHANGE_BYTES = 1500


def change_seconds(directory, changes=100):
    """The median time of one change as the program makes it: write a temporary file, sync it,
    rename it over the old one, sync the directory."""
    work = tempfile.mkdtemp(dir=directory, prefix="callspool-bench-")
    handle = os.open(work, os.O_RDONLY)
    text = os.urandom(CHANGE_BYTES)
    taken = []
    try:
        for _ in range(changes):
            start = time.perf_counter()
            file = os.open(f"{work}/.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(file, text)
            os.fsync(file)
            os.close(file)
            os.rename(f"{work}/.new", f"{work}/document")
            os.fsync(handle)
            taken.append(time.perf_counter() - start)
    finally:
        os.close(handle)
        shutil.rmtree(work)
    return median(taken)


def syscalls(bench, peer, wire):
    """System calls that one more session costs a peer, by name; None without strace."""
    if not shutil.which("strace"):
        return None
    few, many = (20, 60) if bench.extent != "smoke" else (2, 6)
    counted = [_counted(bench, peer, wire, count) for count in (few, many)]
    names = sorted(set(counted[0]) | set(counted[1]))
    each = {name: (counted[1].get(name, 0) - counted[0].get(name, 0)) / (many - few)
            for name in names}
    return {name: number for name, number in each.items() if number > 0}


def _counted(bench, peer, wire, count):
    work = Path(tempfile.mkdtemp(dir=bench.places["tmpfs"], prefix="callspool-bench-"))
    try:
        spool = Spool(work / "spool", count, 100_000)
        spool.refill()
        with bench.sink(0, wire == "https") as sink:
            command = [str(word) for word in peer.command(spool, sink, work)]
            subprocess.run(["strace", "-f", "-c", "-o", work / "counts", *command], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env=bench.stopwatch.ENVIRONMENT)
            bench.demand(peers.check(peer, spool, sink.take()), f"strace, {peer.title}")
        rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?([a-z]\w*)$",
                          (work / "counts").read_text(), re.MULTILINE)
        return {name: int(calls) for calls, name in rows if name != "total"}
    finally:
        shutil.rmtree(work)


def measure(bench):
    """All of it."""
    ours = next(peer for peer in bench.peers if peer.name == "callspool")
    curl = next(peer for peer in bench.peers if peer.name == "curl")
    return {
        "change_seconds": {place: change_seconds(directory)
                           for place, directory in bench.places.items()},
        "syscalls": {f"{peer.name}, {wire}": syscalls(bench, peer, wire)
                     for peer in (curl, ours) for wire in ("http", "https")},
    }
