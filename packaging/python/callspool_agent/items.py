"""Items of a conversation, from whatever holds them.

The SDK's classes have changed from version to version, and this module imports none of them: what
an object is shows in what it has. An object that is not known goes into `raw` as it prints, which
callspool reads as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from .plain import Json, dump, printed, text, to_plain

# What agents write for an object that they can only print.
_SOURCE_OF_PRINTED = "session_history"

# A picture inside a message would make the transcript larger than anything that was said.
_OMITTED = "(left out)"

# callspool reads no printed item of more than 4 MiB. What makes one as large is a picture in it.
_LARGE = 1 << 20
_DATA_URL = re.compile(r"(\bdata:\w+/[\w.+-]+;base64,)[A-Za-z0-9+/=]{256,}")


def to_items(source: object) -> list[dict[str, Json]]:
    """The items of a `ChatContext`, of its `to_dict()`, or of an iterable of items.

    Each item may be one of the SDK's objects, a dict, or a string that `str` or `repr` made.
    Nothing is dropped and the order stays.
    """
    items: list[dict[str, Json]] = []
    for item in _listed(source):
        items.extend(_converted(item))
    return items


def _listed(source: object) -> Iterable[Any]:
    """The items inside whatever was given."""
    if source is None:
        return []
    if isinstance(source, (str, bytes)):
        return [source]
    if isinstance(source, Mapping):
        inner = source.get("items", source.get("messages"))
        return inner if isinstance(inner, (list, tuple)) else [source]
    for name in ("items", "messages"):
        inner = getattr(source, name, None)
        if isinstance(inner, (list, tuple)):
            return list(inner)
    if isinstance(source, Iterable):
        return source
    members = dump(source)
    inner = members.get("items") if members is not None else None
    return inner if isinstance(inner, (list, tuple)) else [source]


def _converted(item: object) -> list[dict[str, Json]]:
    if isinstance(item, str):
        return [_raw(item)]
    if isinstance(item, Mapping):
        plain = to_plain(item)
        return [plain] if isinstance(plain, dict) else [_raw(printed(item))]
    if hasattr(item, "role") and hasattr(item, "content"):
        return _message(item)
    members = dump(item)
    plain = to_plain(members) if members is not None else None
    return [plain] if isinstance(plain, dict) else [_raw(printed(item))]


def _raw(text_of_item: str) -> dict[str, Json]:
    """An item of which only a text is known."""
    if len(text_of_item) > _LARGE:
        text_of_item = _DATA_URL.sub(rf"\1{_OMITTED}", text_of_item)
    return {
        "role": "unknown",
        "content": "",
        "source": _SOURCE_OF_PRINTED,
        "raw": text(text_of_item),
    }


def _message(item: Any) -> list[dict[str, Json]]:
    """A message, its content taken apart: what is no text may be large, or no JSON."""
    members = dump(item, exclude=("content", "hash", "tool_calls"))
    if members is None:
        return [_raw(printed(item))]
    plain = to_plain(members)
    if not isinstance(plain, dict):
        return [_raw(printed(item))]
    plain["content"] = _content(item.content)
    # Until SDK 1.0 calls of functions and what they gave were messages.
    if plain.get("role") == "tool":
        output = plain.pop("content")
        return [
            {
                "type": "function_call_output",
                "call_id": plain.pop("tool_call_id", None),
                **plain,
                "output": text(item.content) if isinstance(item.content, str) else output,
            }
        ]
    calls = [_function_call(call) for call in getattr(item, "tool_calls", None) or []]
    # A message that only asks for calls has an empty text.
    return calls if calls and plain["content"] in ([], [""]) else [plain, *calls]


def _content(content: object) -> Json:
    if isinstance(content, (list, tuple)):
        return [_part(part) for part in content]
    return [] if content is None else [_part(content)]


def _part(part: object) -> Json:
    """A part of a content: a text, or what is to be known of a sound or a picture."""
    if isinstance(part, str):
        return text(part)
    members = dump(part, exclude=("frame", "image", "_cache"))
    plain: Json | None = to_plain(members) if members is not None else None
    if not isinstance(plain, dict):
        return {"type": "unknown", "raw": text(printed(part))}
    plain.setdefault("type", type(part).__name__)
    image = getattr(part, "image", None)
    if isinstance(image, str):
        plain["image"] = text(image) if not image.startswith("data:") else f"data:{_OMITTED}"
    return plain


def _function_call(call: Any) -> dict[str, Json]:
    """A call as SDK 0.12 keeps it with the message that asks for it."""
    function = getattr(call, "function_info", None)
    name = getattr(function, "name", None)
    return {
        "type": "function_call",
        "call_id": to_plain(getattr(call, "tool_call_id", None)),
        "name": to_plain(name) if name is not None else text(printed(call)),
        "arguments": to_plain(getattr(call, "raw_arguments", None)),
    }
