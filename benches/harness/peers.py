"""Who is measured: the same calls sent by curl, by what users write, and by callspool."""

import os
import subprocess
from pathlib import Path

PEERS = Path(__file__).resolve().parent.parent / "peers"

# What a frame of multipart adds to a recording, at most.
FRAME_LIMIT = 700


class Peer:
    """One way to send a spool. `share` is the part of a batch that it gets: slow ones get less."""

    name = title = ""
    is_filing = True
    share = 1.0
    # How much longer than ours its JSON may be: blanks, escapes, a line's end.
    slack = 0.0
    # How many connections it may make; None: as many as it likes.
    connections = None

    def command(self, spool, sink, scratch):
        """The words to run."""
        raise NotImplementedError


class Curl(Peer):
    """The floor: one process that sends ready bodies over one connection, and does nothing else."""

    name, title = "curl", "curl (one process, keep-alive)"
    is_filing = False
    connections = 1

    def command(self, spool, sink, scratch):
        config = Path(scratch, "curl.config")
        lines = []
        for index in range(spool.count):
            lines += [
                f'url = "{sink.url}/upload"',
                f'form = "file=@{spool.recording(index)};type=audio/ogg"',
                *self._common(sink),
                f'url = "{sink.url}/call-data"',
                'header = "Content-Type: application/json"',
                f'data-binary = "@{spool.body(index)}"',
                *self._common(sink),
            ]
        config.write_text("\n".join(lines[:-1]) + "\n")
        return ["curl", "--config", config]

    @staticmethod
    def _common(sink):
        lines = ['header = "Expect:"', 'output = "/dev/null"', "silent", "show-error", "fail"]
        lines += [f'cacert = "{sink.ca}"'] if sink.ca else []
        return [*lines, "next"]


class Loop(Peer):
    """A loop in Python with requests."""

    name, title = "python", "Python, requests"
    slack = 0.1

    def __init__(self, python):
        self._python = python

    def command(self, spool, sink, scratch):
        trust = ["env", f"REQUESTS_CA_BUNDLE={sink.ca}"] if sink.ca else []
        return [*trust, self._python, PEERS / "loop.py", spool.root, sink.url, *self._extra()]

    def _extra(self):
        return []


class SessionLoop(Loop):
    """The same with a connection that is kept."""

    name, title = "python-session", "Python, requests.Session"
    connections = 1

    def _extra(self):
        return ["--session"]


class Shell(Peer):
    """A shell script with jq and curl."""

    name, title = "shell", "shell, jq, curl"
    share = 0.02
    slack = 0.01

    def command(self, spool, sink, scratch):
        trust = ["env", f"CURL_CA_BUNDLE={sink.ca}"] if sink.ca else []
        return [*trust, "bash", PEERS / "loop.sh", spool.root, sink.url]


class Callspool(Peer):
    """callspool with its defaults, but for the limit of sessions in a run."""

    def __init__(self, program, jobs=1):
        self._program, self._jobs = program, jobs
        self.name = "callspool" if jobs == 1 else f"callspool-{jobs}"
        self.title = "callspool" if jobs == 1 else f"callspool, {jobs} jobs"
        self.connections = jobs

    def command(self, spool, sink, scratch):
        return [*base(self._program, spool.root), "-q", "--api-url", sink.url, *trust(sink),
                "run", "--batch-size", "0", *(["--jobs", self._jobs] if self._jobs > 1 else [])]


def base(program, root):
    """The program on a spool, with no settings of this machine's."""
    return [program, "--root", root, "--config", "/dev/null"]


def trust(sink):
    """What makes it trust a sink with TLS."""
    return ["--ca-file", sink.ca] if sink.ca else []


def has_flag(program, flag):
    """Whether this build of the program knows a flag of `run`."""
    said = subprocess.run([program, "run", "--help"], capture_output=True, text=True, check=True,
                          env={"PATH": os.environ["PATH"]})
    return f"{flag} " in said.stdout


def check(peer, spool, counts):
    """What is wrong with what the sink received from a peer, as texts: best none."""
    found = []

    def demand(what, there, expected):
        if there != expected:
            found.append(f"{what}: {there}, not {expected}")

    demand("uploads", counts["uploads"], spool.count)
    demand("posts", counts["posts"], spool.count)
    if not spool.body_bytes <= counts["post_bytes"] <= spool.body_bytes * (1 + peer.slack):
        found.append(f"bytes of posts: {counts['post_bytes']}, not {spool.body_bytes}")
    demand("questions", counts["questions"], 0)
    demand("other requests", counts["others"], 0)
    frames = counts["upload_bytes"] - spool.count * spool.size
    if not 0 < frames <= spool.count * FRAME_LIMIT:
        found.append(f"bytes of uploads: {counts['upload_bytes']}")
    if peer.connections and counts["connections"] > peer.connections:
        found.append(f"connections: {counts['connections']}, not {peer.connections}")
    if peer.is_filing:
        demand("documents still pending", spool.pending(), 0)
        demand("documents processed", spool.processed(), spool.count)
    return found
