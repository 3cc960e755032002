"""Items of every kind, by stand-ins for the SDK's classes; the SDK itself is not needed."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import math
import unittest
from typing import Any

from callspool_agent import to_items
from callspool_agent.plain import encode


class Model:
    """What the module sees of a pydantic model."""

    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)

    def model_dump(self, *, mode: str, exclude: set[str]) -> dict[str, Any]:
        assert mode == "json"
        members = {name: value for name, value in vars(self).items() if name not in exclude}
        for name, value in members.items():
            if isinstance(value, Opaque):
                raise TypeError(f"cannot write {name}")
        return members


class Opaque:
    def __repr__(self) -> str:
        return "<Opaque object>"


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Role(enum.Enum):
    USER = "user"


@dataclasses.dataclass
class OldMessage:
    role: str
    content: Any
    name: str | None = None
    tool_calls: Any = None
    tool_call_id: str | None = None


class Context:
    """A `ChatContext` of any version: a list, by one name or the other."""

    def __init__(self, **lists: Any) -> None:
        self.__dict__.update(lists)


MESSAGE = Model(id="i", type="message", role="user", content=["hi"], created_at=1761732980.5)
AS_DICT = {
    "id": "i",
    "type": "message",
    "role": "user",
    "content": ["hi"],
    "created_at": 1761732980.5,
}


class Items(unittest.TestCase):
    def test_whatever_holds_the_items_gives_the_same(self) -> None:
        class WithMethods(Context):
            def messages(self) -> list[Any]:
                return []

        class OnlyToDict:
            def to_dict(self) -> dict[str, Any]:
                return {"items": [AS_DICT]}

        sources: list[Any] = [
            [MESSAGE],
            (MESSAGE,),
            iter([MESSAGE]),
            Context(items=[MESSAGE]),
            Context(messages=[MESSAGE]),
            WithMethods(items=(MESSAGE,)),
            OnlyToDict(),
            {"items": [AS_DICT]},
            AS_DICT,
            MESSAGE,
            [AS_DICT],
        ]
        for source in sources:
            self.assertEqual(to_items(source), [AS_DICT], source)

    def test_nothing_said_is_nothing(self) -> None:
        sources: list[Any] = [None, [], {"items": []}, Context(items=[]), iter(())]
        for source in sources:
            self.assertEqual(to_items(source), [], source)

    def test_what_is_printed_or_unknown_goes_as_raw(self) -> None:
        printed = "role='user' content=['hi']"
        raw = {"role": "unknown", "content": "", "source": "session_history"}
        for source, text in (
            (printed, printed),
            ([printed], printed),
            ([Opaque()], "<Opaque object>"),
            ([Unprintable()], "<Unprintable that cannot be printed: RuntimeError>"),
            ([5], "5"),
            ([None], "None"),
            ([b"x"], "b'x'"),
        ):
            self.assertEqual(to_items(source), [{**raw, "raw": text}], source)

    def test_a_picture_in_a_printed_item_does_not_cost_its_words(self) -> None:
        url = "data:image/png;base64,"
        image = f"ImageContent(image='{url}{{}}')"
        printed = f"role='user' content=['AAAA', {image}, 'said']"
        (item,) = to_items(printed.format("A" * 5_000_000))
        self.assertEqual(item["raw"], printed.format("(left out)"))
        small = printed.format("A" * 500_000)
        self.assertEqual(to_items(small)[0]["raw"], small)

    def test_one_member_that_cannot_be_written_does_not_cost_the_rest(self) -> None:
        message = Model(role="user", content=["hi"], extra=Opaque(), created_at=1.5)
        expected = {"role": "user", "content": ["hi"], "extra": "<Opaque object>"}
        self.assertEqual(to_items([message]), [{**expected, "created_at": 1.5}])
        call = Model(type="function_call", name="create_lead", extra=Opaque())
        expected = {"type": "function_call", "name": "create_lead", "extra": "<Opaque object>"}
        self.assertEqual(to_items([call]), [expected])

    def test_of_sounds_and_pictures_the_words_are_kept(self) -> None:
        sound = Model(type="audio_content", frame=[Opaque()], transcript="said")
        inline = Model(type="image_content", image="data:image/png;base64,AAAA")
        linked = Model(type="image_content", image="https://example.com/a.png")
        frame = Model(type="image_content", image=Opaque())
        message = Model(role="user", content=["a", sound, inline, linked, frame, Opaque()])
        self.assertEqual(
            to_items([message])[0]["content"],
            [
                "a",
                {"type": "audio_content", "transcript": "said"},
                {"type": "image_content", "image": "data:(left out)"},
                {"type": "image_content", "image": "https://example.com/a.png"},
                {"type": "image_content"},
                {"type": "unknown", "raw": "<Opaque object>"},
            ],
        )

    def test_messages_of_the_old_kind_become_items_of_the_new(self) -> None:
        function = Context(name="create_lead")
        call = Context(tool_call_id="c1", function_info=function, raw_arguments='{"a": 1}')
        called = {
            "type": "function_call",
            "call_id": "c1",
            "name": "create_lead",
            "arguments": '{"a": 1}',
        }
        said = {"role": "assistant", "name": None, "tool_call_id": None}
        self.assertEqual(to_items([OldMessage("assistant", "", tool_calls=[call])]), [called])
        self.assertEqual(
            to_items([OldMessage("assistant", "wait", tool_calls=[call])]),
            [{**said, "content": ["wait"]}, called],
        )
        self.assertEqual(to_items([OldMessage("assistant", None)]), [{**said, "content": []}])
        (output,) = to_items([OldMessage("tool", "done", "create_lead", tool_call_id="c1")])
        self.assertEqual(output["type"], "function_call_output")
        self.assertEqual((output["name"], output["call_id"]), ("create_lead", "c1"))
        self.assertEqual(output["output"], "done")

    def test_every_value_becomes_json(self) -> None:
        loop: list[Any] = []
        loop.append(loop)
        zone = datetime.timezone(datetime.timedelta(hours=2))
        for value, expected in (
            (math.nan, None),
            (-math.inf, None),
            (10**30, 10**30),
            (True, True),
            (Role.USER, "user"),
            (datetime.datetime(2025, 10, 29, 12, 0, 0, 5, zone), "2025-10-29T10:00:00.000005Z"),
            (datetime.datetime(2025, 10, 29, 10), "2025-10-29T10:00:00Z"),
            ({"a": {1: {2}}, None: ()}, {"a": {"1": [2]}, "None": []}),
            ("\ud83d\ude42 \ud800 \udfff\ud83d", "\U0001f642 \ufffd \ufffd\ufffd"),
            ("\x00\u2028\U0010ffff", "\x00\u2028\U0010ffff"),
        ):
            (item,) = to_items([{"role": "user", "value": value}])
            self.assertEqual(item["value"], expected)
            self.assertEqual(json.loads(encode(item))["value"], expected)
        (item,) = to_items([{"role": "user", "value": loop}])
        json.loads(encode(item))


if __name__ == "__main__":
    unittest.main()
