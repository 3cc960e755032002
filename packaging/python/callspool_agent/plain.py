"""Values as JSON can hold them.

Whatever Python object comes, something of it is kept: a call must not be lost because of one odd
value in it.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Union

Json = Union[None, bool, int, float, str, list["Json"], dict[str, "Json"]]

# Deeper values are printed. JSON readers have limits too.
_MAX_DEPTH = 60


def encode(value: Mapping[str, Any]) -> bytes:
    """The JSON text of an object."""
    return json.dumps(to_plain(value), ensure_ascii=False, allow_nan=False).encode()


def to_plain(value: object, depth: int = 0) -> Json:
    """The nearest value that JSON can hold; `repr(value)` when there is none."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return to_plain(value.value, depth)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, (datetime.datetime, datetime.date)):
        return timestamp(value)
    if depth < _MAX_DEPTH:
        if isinstance(value, Mapping):
            return {text(str(key)): to_plain(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [to_plain(inner, depth + 1) for inner in value]
        members = dump(value)
        if members is not None:
            return to_plain(members, depth + 1)
    return text(printed(value))


def dump(value: object, exclude: Iterable[str] = ()) -> Mapping[str, Any] | None:
    """The members of an object that knows how to give them; `None` when it does not."""
    left_out = set(exclude)
    model_dump = getattr(value, "model_dump", None)
    if callable(model_dump):
        try:
            members = model_dump(mode="json", exclude=left_out)
        except Exception:
            # One member that pydantic cannot write must not cost the others.
            members = {name: inner for name, inner in vars(value).items() if name not in left_out}
        return members if isinstance(members, Mapping) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value) if field.repr]
        return {name: getattr(value, name) for name in fields if name not in left_out}
    to_dict = getattr(value, "to_dict", None)
    if callable(to_dict) and not isinstance(value, type):
        try:
            members = to_dict()
        except Exception:
            return None
        if isinstance(members, Mapping):
            return {name: inner for name, inner in members.items() if name not in left_out}
    return None


def printed(value: object) -> str:
    """What `repr` prints, also when it fails."""
    try:
        return repr(value)
    except Exception as error:
        return f"<{type(value).__name__} that cannot be printed: {type(error).__name__}>"


def text(value: str) -> str:
    """A string that UTF-8 can hold: halves of surrogate pairs are joined where they fit, and
    replaced by U+FFFD where they stand alone."""
    plain = str.__str__(value)
    try:
        plain.encode()
    except UnicodeEncodeError:
        return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return plain


def timestamp(value: datetime.date | datetime.datetime) -> str:
    """A time in UTC, as RFC 3339 has it. A time without a zone means UTC."""
    if not isinstance(value, datetime.datetime):
        return value.isoformat()
    if value.tzinfo is None:
        value = value.replace(tzinfo=datetime.timezone.utc)
    return value.astimezone(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
