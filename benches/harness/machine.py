"""What the figures were measured on."""

import os
import platform
import subprocess
from pathlib import Path


def describe(places, python, callspool):
    """The machine, its file systems and the versions of everything that takes part."""
    return {
        "processor": _processor(), "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": f"{platform.system()} {platform.release()}",
        "file_systems": {place: _file_system(path) for place, path in places.items()},
        "load": round(os.getloadavg()[0], 2),
        "versions": {
            "callspool": _first_line([callspool, "--version"]),
            "binary_bytes": Path(callspool).stat().st_size,
            "rustc": _first_line(["rustc", "--version"]),
            "curl": " ".join(_first_line(["curl", "--version"]).split()[:2]),
            "jq": _first_line(["jq", "--version"]),
            "Python": _first_line([python, "--version"]),
            "requests": _first_line([python, "-c", "import requests; print(requests.__version__)"]),
        },
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _file_system(path):
    """The kind of the file system that a path is on: the longest mount point that it is below."""
    path = str(Path(path).resolve())
    best = ("", "unknown")
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return best[1]
    for line in mounts:
        _, point, kind, *_ = line.split()
        if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind)
    return best[1]


def _first_line(command):
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "not there"
    return said.splitlines()[0] if said else ""
