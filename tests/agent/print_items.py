"""Prints how the SDK that is installed prints a conversation: the fixtures in fixtures/sdk.

python print_items.py > livekit-agents-1.8.9.json
"""

from __future__ import annotations

import json
import re
import sys

import conversations


def main() -> None:
    items = []
    for entry in conversations.hard():
        item = entry.build()
        if item is None:
            continue
        items.append(
            {
                "said": entry.said(),
                "str": steady(str(item)),
                "repr": steady(repr(item)),
                "dict": as_dict(item),
            }
        )
    json.dump(
        {
            "sdk": conversations.VERSION,
            "python": sys.version.split()[0],
            "lead_generated": True,
            "items": items,
        },
        sys.stdout,
        indent=1,
    )
    print()


def as_dict(item):
    """The item in `ChatContext.to_dict()`, whole; before 1.0 there was none."""
    if conversations.OLD:
        return None
    from livekit.agents import llm

    context = llm.ChatContext([item])
    (only,) = context.to_dict(exclude_image=False, exclude_audio=False, exclude_timestamp=False)[
        "items"
    ]
    return json.loads(steady(json.dumps(only)))


def steady(text: str) -> str:
    """Ids and addresses are others in every process; a fixture has the same."""
    text = re.sub(r"\b(item|img)_[0-9a-f]{8,}", r"\1_0123456789ab", text)
    return re.sub(r"0x[0-9a-f]{9,}", "0x7f0123456789", text)


main()
