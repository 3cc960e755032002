"""What being durable costs: one durable change on this disk."""

import os
import shutil
import tempfile
import time
from statistics import mean, median

CHANGE_BYTES = 1500


def changes(directory, count):
    """What each of so many changes took, made as the program makes them: write a temporary file,
    sync it, rename it over the old one, sync the directory. In seconds."""
    work = tempfile.mkdtemp(dir=directory, prefix="callspool-bench-")
    handle = os.open(work, os.O_RDONLY)
    text = os.urandom(CHANGE_BYTES)
    taken = []
    try:
        for _ in range(count):
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
    return taken


def measure(bench):
    """Median, mean and the slowest, by place."""
    found = {}
    for place, directory in bench.places.items():
        taken = changes(directory, 200)
        found[place] = {"median": median(taken), "mean": mean(taken), "slowest": max(taken)}
    return found
