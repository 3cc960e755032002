"""Writes the last results into benches/README.md, between its markers, and the plot beside it.

Usage: keep.py RESULTS-DIRECTORY BENCHES-DIRECTORY
"""

import json
import sys
from pathlib import Path

import plot
import report

START, END = "<!-- results: written by `make bench-keep` -->", "<!-- end of results -->"


def main(source, target):
    """Replaces what is between the markers."""
    results = json.loads((source / "results.json").read_text())
    readme = target / "README.md"
    before, _, rest = readme.read_text().partition(START)
    _, end, after = rest.partition(END)
    if not end:
        sys.exit(f"bench-keep: {readme} lacks its markers")
    text = report.markdown(results)
    if "cost" in results:
        (target / "cost.svg").write_text(plot.svg(results["cost"]))
    readme.write_text(f"{before}{START}\n\n{text}\n{END}{after}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
