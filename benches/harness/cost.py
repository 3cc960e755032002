"""What a session takes, by the size of its recording."""

import batches
from batches import Case

SIZES = ((1_000, 100), (10_000, 100), (100_000, 100), (1_000_000, 50), (10_000_000, 10),
         (100_000_000, 2))
PEERS = ("curl", "callspool", "python")


def measure(bench):
    """Seconds a session for each peer and size."""
    sizes = {"all": SIZES, "small": ((1_000, 30), (100_000, 30), (10_000_000, 3)),
             "smoke": ((1_000, 2), (10_000, 2))}[bench.extent]
    chosen = bench.only(PEERS)
    rows = []
    for place in bench.places:
        for size, count in sizes:
            result = batches.measure(Case(count, size, place), chosen)
            rows.append({"place": place, "size": size, "sessions": count,
                         "wall": {row["peer"]: row["wall"] for row in result["peers"]}})
    return rows
