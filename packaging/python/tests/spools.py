"""Spools for tests: temporary ones, and programs that stand in for callspool."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

from callspool_agent import Session, Spool

#: The program that is tested.
BINARY = os.environ["CALLSPOOL_BIN"]

CAMPAIGN = {"campaignId": "campaign-1", "voiceAgentId": "agent-1", "clientId": "client-1"}

LEAD = ("Ann O'Neil", "ann@example.com", "Example Ltd", "a demo")


class SpoolTest(unittest.TestCase):
    """A test with an empty spool and a place beside it."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.home = Path(directory.name)
        self.root = self.home / "spool"
        self.root.mkdir()
        self.rescue_dir = self.home / "rescue" / "of calls"

    def spool(self, **options: Any) -> Spool:
        options.setdefault("timeout", 60.0)
        return Spool(self.root, binary=options.pop("binary", BINARY), **options)

    def session(self, session_id: str = "s1", **options: Any) -> Session:
        return Session(session_id, self.spool(**options), campaign_metadata=CAMPAIGN)

    def program(self, script: str) -> Path:
        """A shell script in the place of callspool."""
        path = self.home / "stand-in"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def documents(self) -> list[str]:
        return sorted(path.name for path in (self.root / "call_metadata").glob("*.json"))

    def rescued(self) -> list[Path]:
        return sorted(self.rescue_dir.iterdir()) if self.rescue_dir.exists() else []

    def feed(self, path: Path, *command: str) -> None:
        """Gives a file to `callspool record`, as a person would."""
        with path.open("rb") as file:
            subprocess.run(
                [BINARY, "--root", self.root, "record", *command],
                stdin=file,
                check=True,
                capture_output=True,
            )


def read(path: Path | None) -> Any:
    assert path is not None
    return json.loads(path.read_bytes())
