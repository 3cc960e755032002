"""What being durable costs: one durable change on this disk."""

import os
import shutil
import tempfile
import time
from statistics import median

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


def measure(bench):
    """Medians by place."""
    return {place: change_seconds(directory) for place, directory in bench.places.items()}
