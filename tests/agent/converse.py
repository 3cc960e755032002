"""Hands made-up conversations over to callspool, as objects of the SDK that is installed.

    python converse.py SPOOL PROGRAM RANDOM SEED

Prints what was said, and all else that must arrive: a JSON object for each call, one a line.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent.parent / "packaging" / "python"
sys.path[:0] = [str(PACKAGE), str(PACKAGE / "examples")]

import conversations
from callspool_agent import Session, Spool
from conversations import OLD, Call, Config, Handoff, Message, Output
from livekit import agents

CAMPAIGN = {
    "campaignId": "campaign-1",
    "voiceAgentId": "agent-1",
    "clientId": "client-1",
    "note": 'it\'s "noted" \u2013 \U0001f642',
}
LEAD = {
    "name": "Ann O'Neil \U0001f642",
    "email": "ann@example.com",
    "company": 'Example "Ltd" \\ Co',
    "interest": "a demo,\nsoon",
    "phone": "+15550100123",
    "job_title": "",
    "budget": "5k",
    "timeline": "",
}

# As long ago that no file counts as one in the making.
LONG_AGO = 1761733100


class Driver:
    def __init__(self, root: Path, program: str) -> None:
        self.root = root
        self.spool = Spool(root, binary=program, timeout=120)

    def session(self, session_id: str, **options) -> Session:
        return Session(
            session_id,
            self.spool,
            dialed_number="+15550100123",
            campaign_metadata=CAMPAIGN,
            started_at=conversations.START,
            **options,
        )

    def tell(self, session_id, recorded, turns, makes_lead=False, **more) -> None:
        """Says what must arrive of a call."""
        if not recorded.created or recorded.warnings or recorded.unreadable_items:
            raise SystemExit(f"{session_id}: {recorded}")
        call = {"id": session_id, "turns": turns, "lead_generated": makes_lead, **more}
        print(json.dumps(call))

    def save(self, session_id: str, entries, form=lambda context: context, **more) -> None:
        context, turns = conversations.context(entries)
        session = self.session(session_id)
        recorded = session.save_conversation_session(form(context), ended_at=LONG_AGO)
        self.tell(session_id, recorded, turns, conversations.makes_lead(entries), **more)


def items(context):
    return context.messages if OLD else context.items


def to_dict(context):
    """All that the SDK's own dict has to give."""
    if OLD:
        return context
    return context.to_dict(exclude_image=False, exclude_audio=False, exclude_timestamp=False)


FORMS = {
    "context": lambda context: context,
    "dict": to_dict,
    "dicts": lambda context: items(context) if OLD else to_dict(context)["items"],
    "objects": lambda context: list(items(context)),
    "str": lambda context: [str(item) for item in items(context)],
    "repr": lambda context: [repr(item) for item in items(context)],
    "raw": lambda context: [
        {"role": "unknown", "content": "", "source": "session_history", "raw": str(item)}
        for item in items(context)
    ],
}


def every_form(driver: Driver) -> None:
    for name, form in FORMS.items():
        driver.save(f"hard-{name}", conversations.hard(), form)
        driver.save(f"empty-{name}", [], form)


def what_is_no_turn(driver: Driver) -> None:
    at = conversations.START
    driver.save(
        "no-turns",
        [
            Message("system", ["Be nice."], at),
            Call("look_up", "{}", at),
            Output("look_up", "nothing", at),
            Handoff(at),
            Config(at),
        ],
    )


def a_lead_and_a_recording(driver: Driver) -> None:
    entries = [
        Message("user", ["I'd like a demo"], conversations.START + 1),
        Call("create_lead", json.dumps(LEAD), conversations.START + 2),
        Output("create_lead", "saved", conversations.START + 3),
        Message("assistant", ["Done."], conversations.START + 4),
    ]
    context, turns = conversations.context(entries)
    sound = random.Random(7).randbytes(70_000)
    recordings = driver.root / "recordings"
    recordings.mkdir(exist_ok=True)
    manifest = {
        "egress_id": "EG_live1",
        "room_name": "room",
        "started_at": 1761732980 * 10**9,
        "ended_at": 1761733037 * 10**9,
        "files": [{"filename": "recordings/live.ogg", "location": "/recordings/live.ogg"}],
    }
    for name, content in (("live.ogg", sound), ("EG_live1.json", json.dumps(manifest).encode())):
        (recordings / name).write_bytes(content)
        os.utime(recordings / name, (LONG_AGO, LONG_AGO))
    session = driver.session("lead-and-recording")
    session.create_lead(**LEAD)
    session.set_egress_id("EG_live1")
    recorded = session.save_conversation_session(context, {"by": "converse"}, ended_at=LONG_AGO)
    driver.tell(
        "lead-and-recording", recorded, turns, True, lead=LEAD, recording="recordings/live.ogg"
    )


def two_threads(driver: Driver) -> None:
    context, turns = conversations.context(conversations.hard())
    session = driver.session("two-threads")
    barrier = threading.Barrier(2)
    results = []

    def save() -> None:
        barrier.wait()
        results.append(session.save_conversation_session(context, ended_at=LONG_AGO))

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) != 2 or results[0] is not results[1]:
        raise SystemExit(f"two threads, and not one call: {results}")
    driver.tell("two-threads", results[0], turns, True)


def asynchronous(driver: Driver) -> None:
    context, turns = conversations.context(conversations.hard())
    session = driver.session("asynchronous")
    saving = session.asave_conversation_session(context, ended_at=LONG_AGO)
    driver.tell("asynchronous", asyncio.run(saving), turns, True)


def the_example(driver: Driver) -> None:
    """The agent of the example, its tool and its end, with a history in the place of a room."""
    if OLD:
        return
    import agent

    class History:
        pass

    fake = History()
    fake.history, turns = conversations.context(conversations.hard())
    call = driver.session("example")

    async def converse() -> str:
        assistant = agent.Assistant(call)
        refused = await assistant.create_lead(None, **{**LEAD, "email": "nobody"})
        saved = await assistant.create_lead(None, **LEAD)
        await agent.save(call, fake)
        return f"{refused} {saved}"

    told = asyncio.run(converse())
    if told != "Ask again: email is not an e-mail address The lead is saved.":
        raise SystemExit(f"the example's tool told: {told}")
    recorded = call.save_conversation_session([])
    driver.tell("example", recorded, turns, True, lead=LEAD, ends_when_saved=True)


def a_real_session(driver: Driver) -> None:
    """The example's agent in an `AgentSession` of the SDK, without a room and in writing."""
    if OLD or not hasattr(agents.AgentSession, "run"):
        return
    import agent
    from scripted import ScriptedModel

    questions = ["Make it a lead, 'please' \\n", "\U0001f642 good\nbye"]
    answers = ['It\'s "done".\n', "Bye \\ \u0646\u0639\u0645"]
    call = driver.session("real-session")

    async def converse() -> None:
        async with agents.AgentSession(llm=ScriptedModel(LEAD, answers)) as session:
            await session.start(agent=agent.Assistant(call))
            for question in questions:
                await session.run(user_input=question)
            await agent.save(call, session)

    asyncio.run(converse())
    turns = []
    for question, answer in zip(questions, answers):
        turns.append({"role": "user", "content": question, "interrupted": False})
        turns.append({"role": "assistant", "content": answer, "interrupted": False})
    recorded = call.save_conversation_session([])
    driver.tell("real-session", recorded, turns, True, lead=LEAD, ends_when_saved=True)


def any_conversations(driver: Driver, count: int, seed: int) -> None:
    for number in range(count):
        chance = random.Random(seed + number)
        form = chance.choice(list(FORMS))
        entries = conversations.any_conversation(chance)
        if form.startswith("dict"):
            # The SDK's own dict takes no halves of surrogate pairs.
            for entry in entries:
                if isinstance(entry, Message):
                    entry.parts = [
                        conversations.whole(part) if isinstance(part, str) else part
                        for part in entry.parts
                    ]
        driver.save(f"random-{seed + number}-{form}", entries, FORMS[form])


def main() -> None:
    root, program, count, seed = sys.argv[1:]
    driver = Driver(Path(root), program)
    every_form(driver)
    what_is_no_turn(driver)
    a_lead_and_a_recording(driver)
    two_threads(driver)
    asynchronous(driver)
    the_example(driver)
    a_real_session(driver)
    any_conversations(driver, int(count), int(seed))


main()
