"""Made-up conversations: what was said as plain data, and the same as objects of LiveKit's SDK.

What was said is written down before any object is made of it, so that neither the SDK nor callspool
has a say in what must arrive. Works with every version of the SDK from 0.12 on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from datetime import datetime, timezone

from livekit import agents, rtc
from livekit.agents import llm
from livekit.agents.llm import chat_context

VERSION = agents.__version__
# Until 1.0 a message was a dataclass without a time, and calls of functions were messages.
OLD = not hasattr(llm, "FunctionCallOutput")
FIELDS = set() if OLD else set(llm.ChatMessage.model_fields)


@dataclass
class Audio:
    """A sound in a message; a realtime model gives its words with it."""

    transcript: str | None


@dataclass
class Image:
    """A picture in a message."""

    inline: bool


@dataclass
class Message:
    role: str
    parts: list
    at: float
    interrupted: bool = False
    confidence: float | None = None
    extra: dict = field(default_factory=dict)

    def said(self):
        """What must arrive of it, or `None` when it is no turn."""
        texts = []
        for part in self.parts:
            if isinstance(part, str):
                texts.append(whole(part))
            elif isinstance(part, Audio) and part.transcript is not None and not OLD:
                texts.append(whole(part.transcript))
        content = "\n".join(texts)
        if self.role not in ("user", "assistant") or not has_text(content):
            return None
        return {
            "role": self.role,
            "content": content,
            "timestamp": None if OLD else rfc3339(self.at),
            "interrupted": None if OLD else self.interrupted,
            "transcript_confidence": (
                self.confidence if "transcript_confidence" in FIELDS else None
            ),
        }

    def build(self):
        parts = [made(part) for part in self.parts]
        if OLD:
            return llm.ChatMessage(role=self.role, content=parts)
        fields = {
            "role": self.role,
            "content": parts,
            "created_at": self.at,
            "interrupted": self.interrupted,
        }
        if "transcript_confidence" in FIELDS:
            fields["transcript_confidence"] = self.confidence
        if "extra" in FIELDS:
            fields["extra"] = self.extra
        if "metrics" in FIELDS:
            fields["metrics"] = {"e2e_latency": 0.5, "started_speaking_at": self.at}
        if any(isinstance(part, str) and whole(part) != part for part in parts):
            # pydantic takes no halves of surrogate pairs; a plugin that does not ask it may.
            return llm.ChatMessage.model_construct(**fields)
        return llm.ChatMessage(**fields)


@dataclass
class Call:
    name: str
    arguments: str
    at: float

    def said(self):
        return None

    def build(self):
        if OLD:
            return llm.ChatMessage(role="assistant", content="", tool_calls=[old_call(self)])
        return llm.FunctionCall(
            name=self.name, arguments=self.arguments, call_id="call_1", created_at=self.at
        )


@dataclass
class Output:
    name: str
    output: str
    at: float
    is_error: bool = False

    def said(self):
        return None

    def build(self):
        if OLD:
            return llm.ChatMessage(
                role="tool",
                name=self.name,
                content=self.output,
                tool_call_id="call_1",
                tool_exception=ValueError('it\'s "odd" (') if self.is_error else None,
            )
        return llm.FunctionCallOutput(
            name=self.name,
            output=self.output,
            is_error=self.is_error,
            call_id="call_1",
            created_at=self.at,
        )


@dataclass
class Handoff:
    at: float

    def said(self):
        return None

    def build(self):
        if not hasattr(chat_context, "AgentHandoff"):
            return None
        fields = {
            "old_agent_id": "greeter",
            "new_agent_id": 'it\'s a "closer"',
            "created_at": self.at,
        }
        return chat_context.AgentHandoff(**fields)


@dataclass
class Config:
    at: float

    def said(self):
        return None

    def build(self):
        if not hasattr(llm, "AgentConfigUpdate"):
            return None
        return llm.AgentConfigUpdate(
            instructions="content=['nobody said this']",
            tools_added=["create_lead"],
            created_at=self.at,
        )


def old_call(call):
    """A call of a function as SDK 0.12 keeps it in a message."""
    import inspect

    from livekit.agents.llm import function_context

    def create_lead(name: str) -> str:
        return name

    argument = function_context.FunctionArgInfo(
        name="name",
        description='it\'s the "name"',
        type=str,
        default=inspect.Parameter.empty,
        choices=(),
    )
    info = function_context.FunctionInfo(
        name=call.name,
        description="makes > a lead",
        auto_retry=False,
        callable=create_lead,
        arguments={"name": argument},
    )
    return function_context.FunctionCallInfo(
        tool_call_id="call_1",
        function_info=info,
        raw_arguments=call.arguments,
        arguments={"name": "Ann"},
    )


def made(part):
    """A part of a content as the SDK has it."""
    if isinstance(part, Audio):
        frame = rtc.AudioFrame(bytes(4), 24000, 1, 2)
        if OLD:
            return llm.ChatAudio(frame=[frame])
        return llm.AudioContent(frame=[frame], transcript=part.transcript)
    if isinstance(part, Image):
        image = (
            "https://example.com/a.png?q='\""
            if not part.inline
            else rtc.VideoFrame(2, 2, rtc.VideoBufferType.RGBA, bytes(16))
        )
        return llm.ChatImage(image=image) if OLD else llm.ImageContent(image=image)
    return part


def context(entries):
    """A `ChatContext` of the entries, and what must arrive of them."""
    built = [(entry, entry.build()) for entry in entries]
    items = [item for _, item in built if item is not None]
    said = [entry.said() for entry, item in built if item is not None]
    if OLD:
        return llm.ChatContext(messages=items), [turn for turn in said if turn is not None]
    return llm.ChatContext(items), [turn for turn in said if turn is not None]


def whole(text: str) -> str:
    """The text as UTF-8 can hold it: halves of pairs that fit are one character, others U+FFFD."""
    out, high = [], None
    for char in text:
        code = ord(char)
        if high is not None:
            if 0xDC00 <= code <= 0xDFFF:
                out.append(chr(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)))
                high = None
                continue
            out.append("\ufffd")
            high = None
        if 0xD800 <= code <= 0xDBFF:
            high = code
        elif 0xDC00 <= code <= 0xDFFF:
            out.append("\ufffd")
        else:
            out.append(char)
    if high is not None:
        out.append("\ufffd")
    return "".join(out)


# Unicode's White_Space; Python's own idea of it has four separators more.
WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def has_text(text: str) -> bool:
    return text.strip(WHITE) != ""


def rfc3339(at: float) -> str:
    """The time to the microsecond, with as many digits as it needs of 0, 3, 6."""
    seconds, fraction = divmod(Decimal(repr(at)), 1)
    micros = int(fraction * 1_000_000)
    text = datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    if micros == 0:
        return text + "Z"
    return f"{text}.{micros // 1000:03}Z" if micros % 1000 == 0 else f"{text}.{micros:06}Z"


START = 1761732980.0

# Texts that a reader of Python's repr may stumble over.
HARD = [
    "Hi, I'm Asha",
    'She said "yes"',
    'It\'s "both"',
    "back\\slash \\n \\x41 \\u0041 \\",
    "two\nlines\r\nand\ttabs",
    "trailing space ",
    " leading, and a quote at the end '",
    "']} content=['not me'] role='system'",
    "ChatMessage(role='user', content=['x'])",
    "<Frame object at 0x7f> {'a': 1} (1, 2) [",
    "\u0646\u0639\u0645\u060c \u0634\u06a9\u0631\u06cc\u06c1 \u2013 \u0928\u092e\u0938\u094d\u0924\u0947 \u4f60\u597d",
    "\U0001f642 \U0001f469\u200d\U0001f4bb \U0001f1e9\U0001f1ea e\u0301 \u200f\u202e",
    "\x00\x07\x1b[31m\x7f\x85\xa0\u2028\u2029\ufeff\ufffe\ue000\U0010ffff",
    "r'raw' b\"bytes\" f'{x}' '''three''' \"\"\"three\"\"\"",
    "\u0301a mark first",
    "None",
    "0",
]


def hard():
    """A conversation with all that is hard."""
    at = START + 0.6023705
    entries = [
        Message("system", ["You are Asha.", 'It\'s "urgent".'], at),
        Message("assistant", ["Hello, this is Asha."], at + 1),
    ]
    for number, text in enumerate(HARD):
        role = ("user", "assistant")[number % 2]
        confidence = None if role == "assistant" else (0.9406738, 1e-05, 1.0, 0.0)[number % 4]
        entries.append(Message(role, [text], at + 2 + number * 1.25, number % 3 == 0, confidence))
    later = at + 60
    entries += [
        Message("user", ["one", "", "two "], later),
        Message("user", HARD[:5], later + 1),
        Message("user", ["look", Image(False), "at it", Image(True)], later + 2),
        Message("user", [Image(True)], later + 3),
        Message("user", [Audio("what I said with 'quotes'")], later + 4),
        Message("user", [Audio(None)], later + 5),
        Message("user", ["written", Audio("spoken\n\\n")], later + 6),
        Message("assistant", [" \n"], later + 7),
        Message("assistant", [], later + 8),
        Message(
            "assistant",
            ["cut o"],
            later + 9,
            True,
            None,
            {"why": 'it\'s "odd"', "n": [1, {2: None}]},
        ),
        Call("look_up", '{"what": "it\'s \\"odd\\""}', later + 10),
        Output("look_up", "content=['nobody said this']\n'", later + 11, True),
        Call("create_lead", '{"name": "Ann O\'Neil"}', later + 12),
        Output("create_lead", "done", later + 13),
        Handoff(later + 14),
        Config(later + 15),
        Message("user", ["Goodbye."], START + 90.0),
        Message("assistant", ["Bye."], START + 91.5),
    ]
    if not OLD:
        entries.append(Message("developer", ["not said"], START + 92))
    return entries


PIECES = [
    "a",
    "Z",
    "7",
    " ",
    "  ",
    "\n",
    "\r",
    "\t",
    "\\",
    "'",
    '"',
    "\\'",
    '\\"',
    "\\n",
    "\\x",
    "\\u12",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "->",
    "=",
    ",",
    ":",
    ".",
    "#",
    "%s",
    "role='user'",
    " content=[",
    "\x00",
    "\x01",
    "\x1f",
    "\x7f",
    "\x80",
    "\x85",
    "\xa0",
    "\xad",
    "\xff",
    "\u0100",
    "\u0301",
    "\u0600",
    "\u0928\u094d",
    "\u2028",
    "\u200d",
    "\u3000",
    "\ud7ff",
    "\ue000",
    "\ufeff",
    "\uffff",
    "\U00010000",
    "\U0001f642",
    "\U000e0001",
    "\U0010ffff",
    "\ud83d\ude42",
    "\ud800",
    "\udfff",
]


def text(chance: random.Random) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.randrange(12)))


def any_part(chance: random.Random):
    kind = chance.randrange(12)
    if kind == 0:
        return Audio(chance.choice([None, "", "spoken 'here'"]))
    if kind == 1:
        return Image(chance.random() < 0.5)
    return text(chance)


def any_conversation(chance: random.Random):
    """Some conversation."""
    at = START + chance.randrange(10**9) / 10**3
    entries = []
    for _ in range(chance.randrange(9)):
        at += chance.randrange(10**8) / 10 ** chance.randrange(4, 8)
        kind = chance.randrange(10)
        if kind == 0:
            name = chance.choice(["create_lead", "look_up"])
            entries.append(Call(name, whole(text(chance)), at))
        elif kind == 1:
            entries.append(Output("look_up", whole(text(chance)), at, chance.random() < 0.5))
        elif kind == 2:
            entries.append(chance.choice([Handoff, Config])(at))
        else:
            role = chance.choice(["user", "user", "assistant", "assistant", "system"])
            parts = [any_part(chance) for _ in range(chance.choice([0, 1, 1, 1, 2, 3]))]
            confidence = chance.choice([None, chance.random(), chance.random() * 1e-9, 1.0])
            entries.append(Message(role, parts, at, chance.random() < 0.3, confidence))
    return entries


def makes_lead(entries) -> bool:
    return any(isinstance(entry, Call) and entry.name == "create_lead" for entry in entries)
