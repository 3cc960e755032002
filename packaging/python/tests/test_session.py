"""A call, from its beginning to its document in the spool."""

from __future__ import annotations

import asyncio
import datetime
import os
import threading
import unittest
from pathlib import Path
from typing import Any

from callspool_agent import InvalidInput, LeadTooLate, ProgramNotFound, Recorded, SessionManager
from spools import CAMPAIGN, LEAD, SpoolTest, read

ITEMS = [
    {"role": "assistant", "content": ["Hello."], "created_at": 1761732980.5},
    {"role": "user", "content": ['It\'s "me" \U0001f642\n'], "created_at": 1761732981.25},
]

UTC = datetime.timezone.utc


class Sessions(SpoolTest):
    def test_what_is_given_is_in_the_document_and_in_the_transcript(self) -> None:
        began = datetime.datetime(2025, 10, 29, 10, 16, 19, 574407, UTC)
        session = SessionManager("s1", self.spool(), started_at=began)
        session.set_campaign_metadata({**CAMPAIGN, "n": 12345678901234567890123})
        session.set_egress_id("EG_abc")
        session.set_dialed_number("+15550100199")
        recorded = session.save_conversation_session(
            ITEMS, {"why": "hung up"}, "+15550100123", ended_at=1761733012.652193
        )
        self.assertTrue(recorded.created)
        self.assertEqual((recorded.session_id, recorded.state), ("s1", "pending"))
        self.assertEqual((recorded.warnings, recorded.unreadable_items), ((), 0))
        self.assertIsNone(recorded.lead)
        self.assertTrue(recorded.document.is_absolute())
        document = read(recorded.document)
        self.assertEqual(document["session_id"], "s1")
        self.assertEqual(document["dialed_number"], "+15550100123")
        self.assertEqual(document["campaign_metadata"]["n"], 12345678901234567890123)
        self.assertEqual(document["campaign_metadata"]["egressId"], "EG_abc")
        self.assertEqual(document["timestamps"]["call_start"], "2025-10-29T10:16:19.574407Z")
        self.assertEqual(document["timestamps"]["call_end"], "2025-10-29T10:16:52.652193Z")
        transcript = read(recorded.transcript)
        self.assertEqual(transcript["items"], ITEMS)
        self.assertEqual(transcript["metadata"]["why"], "hung up")

    def test_the_items_tell_when_the_call_was(self) -> None:
        recorded = self.session().save_conversation_session(ITEMS)
        times = read(recorded.document)["timestamps"]
        self.assertEqual(times["call_start"], "2025-10-29T10:16:20.500Z")
        self.assertEqual(times["call_end"], "2025-10-29T10:16:21.250Z")
        self.assertEqual(read(recorded.transcript)["duration_seconds"], 0.75)

    def test_a_call_without_items_began_when_the_session_was_made(self) -> None:
        before = datetime.datetime.now(UTC)
        session = self.session()
        after = datetime.datetime.now(UTC)
        times = read(session.save_conversation_session([]).document)["timestamps"]
        began, ended = (
            datetime.datetime.fromisoformat(times[name].replace("Z", "+00:00"))
            for name in ("call_start", "call_end")
        )
        self.assertLessEqual(before, began)
        self.assertLessEqual(began, after)
        self.assertLessEqual(began, ended)

    def test_a_call_is_saved_once_however_often_it_is_asked_for(self) -> None:
        session = self.session()
        first = session.save_conversation_session(ITEMS)
        self.assertIs(session.save_conversation_session(ITEMS[:1]), first)
        self.assertEqual(read(first.transcript)["items"], ITEMS)
        # So it is by another object, as after a restart of the agent.
        again = self.session().save_conversation_session(ITEMS[:1])
        self.assertFalse(again.created)
        self.assertEqual(again.document, first.document)
        self.assertEqual(read(first.transcript)["items"], ITEMS)
        self.assertEqual(self.documents(), ["metadata_s1.json"])

    def test_threads_that_save_at_once_make_one_document(self) -> None:
        shared = self.session()
        sessions = [shared, shared, self.session(), self.session()]
        barrier = threading.Barrier(len(sessions))
        results: list[Recorded] = []

        def save(session: SessionManager) -> None:
            barrier.wait()
            results.append(session.save_conversation_session(ITEMS))

        threads = [threading.Thread(target=save, args=[session]) for session in sessions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), len(sessions))
        self.assertEqual(len({result.document for result in results}), 1)
        # The two threads of one session have the same answer, so it may say twice that it did it.
        distinct = {id(result): result for result in results}
        self.assertEqual(sum(result.created for result in distinct.values()), 1)
        self.assertEqual(self.documents(), ["metadata_s1.json"])

    def test_what_is_read_back_is_a_copy(self) -> None:
        session = self.session()
        session.get_campaign_metadata()["campaignId"] = "other"
        self.assertEqual(session.get_campaign_metadata(), CAMPAIGN)


class Leads(SpoolTest):
    def test_a_lead_is_written_in_the_middle_of_the_call_and_found_at_its_end(self) -> None:
        session = self.session()
        self.assertIsNone(session.get_lead_file_path())
        lead = session.create_lead(*LEAD, phone="+15550100123", budget="5k")
        self.assertTrue(lead.created)
        self.assertEqual(session.get_lead_file_path(), str(lead.path))
        self.assertEqual(session.get_campaign_metadata()["lead_file"], str(lead.path))
        # Campaign metadata that come late do not make the lead forgotten.
        session.set_campaign_metadata(CAMPAIGN)
        written = read(lead.path)
        names = ("name", "email", "company", "interest", "phone", "job_title", "budget", "timeline")
        expected = [*LEAD, "+15550100123", "", "5k", ""]
        self.assertEqual([written[name] for name in names], expected)
        recorded = session.save_conversation_session(ITEMS)
        self.assertEqual(recorded.lead, lead.path)
        self.assertTrue(read(recorded.transcript)["lead_generated"])
        self.assertEqual(recorded.warnings, ())

    def test_a_lead_that_is_wrong_names_the_field_and_leaves_nothing(self) -> None:
        session = self.session(rescue_dir=self.rescue_dir)
        with self.assertRaises(InvalidInput) as caught:
            session.create_lead("Ann", "ann at example", "", "a demo")
        error = caught.exception
        self.assertEqual((error.fields, error.field), (["email", "company"], "email"))
        self.assertEqual(error.exit_code, 2)
        self.assertNotIn("ann at example", f"{error} {error!r} {error.stderr}")
        self.assertEqual(self.rescued(), [])
        self.assertIsNone(session.save_conversation_session(ITEMS).lead)

    def test_a_lead_that_could_not_be_written_goes_with_the_call(self) -> None:
        session = self.session(rescue_dir=self.rescue_dir)
        working, session.spool.binary = session.spool.binary, "/nonexistent/callspool"
        with self.assertRaises(ProgramNotFound) as caught:
            session.create_lead(*LEAD)
        self.assertEqual(self.rescued(), [caught.exception.rescued])
        session.spool.binary = working
        recorded = session.save_conversation_session(ITEMS)
        self.assertEqual(read(recorded.lead)["email"], LEAD[1])
        self.assertEqual(self.rescued(), [])

    def test_a_lead_that_is_refused_at_the_end_does_not_cost_the_call(self) -> None:
        session = self.session(rescue_dir=self.rescue_dir)
        session.set_lead_file_path(self.home / "not there.json")
        with self.assertLogs("callspool_agent", "ERROR"):
            recorded = session.save_conversation_session(ITEMS)
        self.assertTrue(recorded.created)
        self.assertIn("lead_file", " ".join(recorded.warnings))
        self.assertEqual(read(recorded.transcript)["items"], ITEMS)
        (kept,) = self.rescued()
        self.assertIn("lead_file", read(kept))

    def test_a_lead_after_the_call_was_saved_is_written_and_reported(self) -> None:
        session = self.session()
        session.save_conversation_session(ITEMS)
        with self.assertRaises(LeadTooLate) as caught:
            session.create_lead(*LEAD)
        self.assertEqual(caught.exception.exit_code, 4)
        self.assertEqual(len(list((self.root / "leads").glob("lead_*.json"))), 1)


class Loops(SpoolTest):
    def waiting_program(self) -> tuple[Path, Path]:
        """A program that waits for a word from the pipe, and then says that it saved a call."""
        fifo = self.home / "fifo"
        os.mkfifo(fifo)
        answer = (
            '{"session_id":"s1","created":true,"document":"/d","state":"pending",'
            '"transcript":null,"lead":null,"unreadable_items":0,"warnings":[]}'
        )
        calls = self.home / "calls"
        script = f"read word < '{fifo}'; cat >>'{calls}'; echo >>'{calls}'; echo '{answer}'"
        return self.program(script), fifo

    def test_the_event_loop_goes_on_while_a_call_is_saved(self) -> None:
        # The program waits for what only the loop gives it.
        program, fifo = self.waiting_program()

        async def call() -> Recorded:
            saving = asyncio.ensure_future(
                self.session(binary=program).asave_conversation_session(ITEMS)
            )
            await asyncio.sleep(0)
            descriptor = os.open(fifo, os.O_RDWR)
            os.write(descriptor, b"go\n")
            try:
                return await saving
            finally:
                os.close(descriptor)

        self.assertTrue(asyncio.run(call()).created)

    def test_the_saving_goes_on_when_the_task_that_waits_for_it_is_cancelled(self) -> None:
        program, fifo = self.waiting_program()
        session = self.session(binary=program)

        async def cancelled() -> int:
            saving = asyncio.ensure_future(session.asave_conversation_session(ITEMS))
            await asyncio.sleep(0)
            saving.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await saving
            descriptor = os.open(fifo, os.O_RDWR)
            os.write(descriptor, b"go\n")
            return descriptor

        descriptor = asyncio.run(cancelled())
        self.assertTrue(session.save_conversation_session(ITEMS).created)
        os.close(descriptor)
        self.assertEqual(len((self.home / "calls").read_text().splitlines()), 1)

    def test_the_asynchronous_variants_write_the_same(self) -> None:
        async def call() -> tuple[Any, Recorded]:
            session = self.session()
            lead = await session.acreate_lead(*LEAD)
            saved = await asyncio.gather(
                session.asave_conversation_session(ITEMS),
                session.asave_conversation_session(ITEMS),
            )
            self.assertIs(saved[0], saved[1])
            return lead, saved[0]

        lead, recorded = asyncio.run(call())
        self.assertEqual(recorded.lead, lead.path)
        self.assertEqual(read(recorded.transcript)["items"], ITEMS)

    def test_items_are_those_of_the_moment_of_the_call(self) -> None:
        async def call() -> Recorded:
            items = list(ITEMS)
            saving = asyncio.ensure_future(self.session().asave_conversation_session(items))
            await asyncio.sleep(0)
            items.clear()
            return await saving

        self.assertEqual(read(asyncio.run(call()).transcript)["items"], ITEMS)


if __name__ == "__main__":
    unittest.main()
