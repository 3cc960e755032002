"""The programs under way: the sink that everything is sent to, and whatever is measured."""

import json
import os
import ssl
import subprocess
import tempfile
import urllib.request
from pathlib import Path


class Failed(Exception):
    """A measurement that would mean nothing."""


class Sink:
    """A sink, started here or told where it is. Use it in a `with`."""

    def __init__(self, program, latency_ms=0, tls=False):
        self._directory = tempfile.TemporaryDirectory()
        self.ca = Path(self._directory.name, "ca.pem") if tls else None
        command = [program, "--latency", str(latency_ms)]
        command += ["--tls", self.ca] if tls else []
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        port = self._process.stdout.readline().strip()
        if not port:
            raise Failed("the sink did not start")
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/api"
        self._trust()

    def _trust(self):
        self._context = ssl.create_default_context(cafile=self.ca) if self.ca else None

    @classmethod
    def at(cls, url, ca=None):
        """One that somebody else started."""
        sink = cls.__new__(cls)
        sink.url, sink.ca = url, Path(ca) if ca else None
        sink._process = sink._directory = None
        sink._trust()
        return sink

    def take(self):
        """What it received since it was last asked."""
        with urllib.request.urlopen(f"{self.url}/stats?reset", context=self._context) as answer:
            return json.load(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._directory.cleanup()


class Stopwatch:
    """Runs programs and says what they took."""

    # Nothing of the caller's, so that no proxy and no setting of theirs is measured too.
    ENVIRONMENT = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}

    def __init__(self, program):
        self._program = program

    def run(self, command, status=0):
        """One run: seconds of wall and processor, KiB at the peak, when it started."""
        return self.laps(command, 1, status=status)[0]

    def laps(self, command, times, pair=None, status=0):
        """Several runs, one after the other."""
        before = [self._program, "--times", str(times)]
        before += ["--pair", pair] if pair else []
        words = [str(word) for word in [*before, "--", *command]]
        done = subprocess.run(words, env=self.ENVIRONMENT, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed(f"{' '.join(words)}: {done.stderr}")
        *said, last = done.stderr.splitlines()
        laps = [_lap(lap) for lap in json.loads(last)]
        bad = [lap["status"] for lap in laps if not lap["is_pair"] and lap["status"] != status]
        if bad:
            text = "\n".join(said[-20:])
            raise Failed(f"{' '.join(words)} ended with {bad[0]}, not {status}:\n{text}")
        return laps


def _lap(raw):
    return {
        "wall": raw["wall_ns"] / 1e9,
        "cpu": (raw["user_us"] + raw["system_us"]) / 1e6,
        "user": raw["user_us"] / 1e6,
        "system": raw["system_us"] / 1e6,
        "rss_kib": raw["max_rss_kib"],
        "started_unix_ns": raw["started_unix_ns"],
        "status": raw["status"],
        "is_pair": raw["is_pair"],
    }
