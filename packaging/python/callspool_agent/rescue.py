"""Keeps the input of calls that could not be handed over.

Each lies in a file of its own that `callspool record` takes as it is:
`callspool record < rescued_record_….json`.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path


def keep(directory: Path, kind: str, session_id: str, input: bytes) -> Path:
    """Writes the input durably; the same input of the same session has one name."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    readable = re.sub(r"[^A-Za-z0-9_-]", "_", session_id)[:100]
    digest = hashlib.sha256(session_id.encode() + b"\0" + input).hexdigest()[:16]
    path = directory / f"rescued_{kind}_{readable}_{digest}.json"
    temporary = directory / f".{path.name}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(input)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


def drop(path: Path) -> None:
    """Removes what is no longer needed."""
    try:
        path.unlink()
    except OSError:
        pass
