"""Measures callspool against its peers. `make bench` runs it.

From the environment: CASES (all, small, smoke), ROUNDS, PARTS (some of: startup durability
counting batches cost backlog scaling), BENCH_DIR (the disk to measure on), BACKLOG (the largest pile).
"""

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import backlog
import batches
import cost
import counting
import durability
import machine
import peers
import plot
import report
import scaling
import startup
from running import Failed, Sink, Stopwatch

PARTS = ("startup", "durability", "counting", "batches", "cost", "backlog", "scaling")


@dataclasses.dataclass
class Bench:
    """What every part of the measuring needs."""

    extent: str
    rounds: int
    places: dict
    callspool: Path
    stopwatch: Stopwatch
    sink: object
    peers: list

    def only(self, names):
        """The same with some of the peers."""
        return dataclasses.replace(self, peers=[peer for peer in self.peers if peer.name in names])

    @staticmethod
    def demand(wrong, what):
        """Ends it all when something is wrong."""
        if wrong:
            raise Failed(f"{what}: " + "; ".join(wrong))


def arguments():
    """The command line, with the environment for defaults."""
    parser = argparse.ArgumentParser(description="Measure callspool against its peers.")
    parser.add_argument("--programs", type=Path, required=True,
                        help="where callspool, sink and stopwatch are")
    parser.add_argument("--callspool", type=Path, help="another callspool than the one there")
    parser.add_argument("--python", default=sys.executable, help="a Python that has requests")
    parser.add_argument("--out", type=Path, required=True, help="where the results go")
    parser.add_argument("--cases", default=os.environ.get("CASES") or "all",
                        choices=("all", "small", "smoke"))
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS") or 0))
    parser.add_argument("--parts", default=os.environ.get("PARTS") or " ".join(PARTS))
    parser.add_argument("--disk", type=Path, default=os.environ.get("BENCH_DIR"))
    parser.add_argument("--backlog", type=int, default=int(os.environ.get("BACKLOG") or 0))
    return parser.parse_args()


def demand_tools(parts):
    """Says all that is missing, at once."""
    wanted = {"curl": "curl", "jq": "jq", "bash": "bash"}
    missing = [package for tool, package in wanted.items() if not shutil.which(tool)]
    if not Path("/dev/shm").is_dir():
        missing.append("/dev/shm, a file system in memory")
    unknown = set(parts) - set(PARTS)
    if missing or unknown:
        unknown = [f"a part {part}, which is none of {', '.join(PARTS)}" for part in unknown]
        raise Failed("missing for make bench: " + "; ".join(missing + unknown))
    for tool, counts in (("strace", "system calls"), ("valgrind", "instructions")):
        if not shutil.which(tool):
            print(f"without {tool}, {counts} are not counted", file=sys.stderr)


def prepare(args):
    """The bench, from the command line."""
    programs = args.programs.resolve()
    callspool = (args.callspool or programs / "callspool").resolve()
    disk = args.disk or args.out
    disk.mkdir(parents=True, exist_ok=True)
    competing = [peers.Curl(), peers.Callspool(callspool), peers.Loop(args.python),
                 peers.SessionLoop(args.python), peers.Shell()]
    if peers.has_flag(callspool, "--jobs"):
        competing.insert(2, peers.Callspool(callspool, 4))
    return Bench(
        extent=args.cases,
        rounds=args.rounds or {"all": 5, "small": 3, "smoke": 1}[args.cases],
        places={"tmpfs": Path("/dev/shm"), "disk": disk.resolve()},
        callspool=callspool,
        stopwatch=Stopwatch(programs / "stopwatch"),
        sink=lambda latency_ms, tls: Sink(programs / "sink", latency_ms, tls),
        peers=competing,
    )


def run(bench, parts, largest):
    """All parts, one after the other."""
    results = {}
    for part in PARTS:
        if part not in parts:
            continue
        start = time.monotonic()
        print(f"{part}:", file=sys.stderr)
        if part == "batches":
            results[part] = [batches.measure(case, bench) for case in batches.cases(bench.extent)]
        elif part == "backlog":
            results[part] = [backlog.measure(bench, size)
                             for size in backlog.sizes(bench.extent, largest)]
        else:
            module = {"startup": startup, "durability": durability, "counting": counting,
                      "cost": cost, "scaling": scaling}[part]
            results[part] = module.measure(bench)
        print(f"  took {time.monotonic() - start:.0f} s", file=sys.stderr)
    return results


def main():
    """Measures, prints, writes."""
    args = arguments()
    parts = args.parts.replace(",", " ").split()
    demand_tools(parts)
    bench = prepare(args)
    results = {
        "machine": machine.describe(bench.places, args.python, bench.callspool),
        "extent": bench.extent, "rounds": bench.rounds,
        **run(bench, parts, args.backlog),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    if "cost" in results:
        (args.out / "cost.svg").write_text(plot.svg(results["cost"]))
    text = report.markdown(results)
    (args.out / "results.md").write_text(text)
    print(text)


if __name__ == "__main__":
    try:
        main()
    except (Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")
