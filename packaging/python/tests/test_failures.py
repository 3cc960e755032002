"""A spool that cannot be written: what is raised, and where the call is kept."""

from __future__ import annotations

import os
import unittest
from pathlib import Path
from unittest import mock

from callspool_agent import (
    CallspoolError,
    DurabilityError,
    InvalidInput,
    Misconfigured,
    ProgramNotFound,
    Session,
    Spool,
    SpoolUnavailable,
    TimedOut,
)
from spools import BINARY, CAMPAIGN, LEAD, SpoolTest, read

SAID = "nobody else may read this"
ITEMS = [{"role": "user", "content": SAID, "created_at": 1761732980.5}]


class Failures(SpoolTest):
    def fails(self, session: Session) -> CallspoolError:
        """Saves a call, which must fail and not tell what was said."""
        with self.assertRaises(CallspoolError) as caught:
            session.save_conversation_session(ITEMS)
        error = caught.exception
        self.assertNotIn(SAID, f"{error} {error!r}")
        self.assertIn(SAID.encode(), error.input)
        return error

    def test_a_program_that_is_not_there_or_cannot_be_run_is_told(self) -> None:
        no_program = self.home / "no-program"
        no_program.write_text("no program")
        no_program.chmod(0o755)
        for binary in ("/nonexistent/callspool", "no-such-program-anywhere", str(no_program)):
            error = self.fails(self.session(binary=binary))
            self.assertIs(type(error), ProgramNotFound, binary)
            self.assertIsNone(error.exit_code)
            self.assertIn(binary, str(error))

    def test_the_program_is_the_one_that_is_given_or_in_the_environment_or_in_path(self) -> None:
        missing = {"CALLSPOOL_BIN": "/nonexistent/callspool"}
        with mock.patch.dict(os.environ, missing):
            self.session("given").save_conversation_session(ITEMS)
            error = self.fails(Session("s", Spool(self.root)))
            self.assertIs(type(error), ProgramNotFound)
        with mock.patch.dict(os.environ, {"CALLSPOOL_BIN": BINARY}):
            Session("environment", Spool(self.root)).save_conversation_session(ITEMS)
        (self.home / "bin").mkdir()
        (self.home / "bin" / "callspool").symlink_to(BINARY)
        with mock.patch.dict(os.environ, {"PATH": str(self.home / "bin")}):
            del os.environ["CALLSPOOL_BIN"]
            Session("path", Spool(self.root)).save_conversation_session(ITEMS)
        ids = ("environment", "given", "path")
        self.assertEqual(self.documents(), [f"metadata_{name}.json" for name in ids])

    def test_each_exit_code_has_its_error(self) -> None:
        for code, kind in ((1, SpoolUnavailable), (10, SpoolUnavailable), (20, DurabilityError)):
            program = self.program(f"cat >/dev/null; echo 'why not' >&2; exit {code}")
            error = self.fails(self.session(binary=program))
            self.assertIs(type(error), kind)
            self.assertEqual((error.exit_code, error.stderr), (code, "why not\n"))
            self.assertIn("why not", str(error))
        error = self.fails(self.session(binary=self.program("kill -9 $$")))
        self.assertIs(type(error), SpoolUnavailable)
        self.assertEqual(error.exit_code, -9)

    def test_a_spool_that_is_missing_is_unavailable(self) -> None:
        self.root.rmdir()
        error = self.fails(self.session())
        self.assertIs(type(error), SpoolUnavailable)
        self.assertEqual(error.exit_code, 10)

    def test_settings_that_are_not_understood_are_no_fault_of_the_input(self) -> None:
        error = self.fails(self.session(config=self.home / "missing.toml"))
        self.assertIs(type(error), Misconfigured)
        self.assertEqual(error.exit_code, 2)

    def test_input_that_is_refused_names_its_fields_whatever_is_logged(self) -> None:
        for level in ("off", "trace"):
            with mock.patch.dict(os.environ, {"RUST_LOG": level}):
                session = Session("s1", self.spool(), egress_id="../x")
                error = self.fails(session)
            assert isinstance(error, InvalidInput)
            self.assertEqual((error.field, error.exit_code), ("egress_id", 2))
        error = self.fails(Session("", self.spool()))
        assert isinstance(error, InvalidInput)
        self.assertEqual(error.field, "session_id")
        self.assertEqual(self.documents(), [])

    def test_a_program_that_does_not_end_is_killed(self) -> None:
        fifo = self.home / "fifo"
        os.mkfifo(fifo)
        program = self.program(f"echo $$ > '{self.home}/pid'; exec cat '{fifo}'")
        error = self.fails(self.session(binary=program, timeout=0.5))
        self.assertIs(type(error), TimedOut)
        self.assertIsNone(error.exit_code)
        pid = (self.home / "pid").read_text().strip()
        self.assertFalse(Path("/proc", pid).exists())

    def test_an_answer_that_makes_no_sense_is_an_error(self) -> None:
        for answer in ("", "{}", "[]", "done"):
            program = self.program(f"cat >/dev/null; echo '{answer}'")
            error = self.fails(self.session(binary=program))
            self.assertIs(type(error), SpoolUnavailable, answer)


class Rescues(SpoolTest):
    def lost(self, **options: object) -> tuple[Session, CallspoolError]:
        session = self.session("s1 / ../\u00e9", rescue_dir=self.rescue_dir, **options)
        with self.assertRaises(CallspoolError) as caught:
            session.save_conversation_session(ITEMS)
        return session, caught.exception

    def test_a_call_that_could_not_be_saved_is_kept_and_can_be_recorded_later(self) -> None:
        _, error = self.lost(binary="/nonexistent/callspool")
        assert error.rescued is not None
        self.assertEqual(self.rescued(), [error.rescued])
        self.assertIn(str(error.rescued), str(error))
        self.assertEqual(error.rescued.read_bytes(), error.input)
        self.assertEqual(error.rescued.stat().st_mode & 0o777, 0o600)
        self.feed(error.rescued)
        self.assertEqual(len(self.documents()), 1)
        (transcript,) = (self.root / "conversations").glob("*.json")
        self.assertEqual(read(transcript)["items"], ITEMS)

    def test_a_second_try_keeps_no_second_file_and_success_removes_it(self) -> None:
        session, error = self.lost(binary="/nonexistent/callspool")
        with self.assertRaises(ProgramNotFound):
            session.save_conversation_session(ITEMS)
        self.assertEqual(self.rescued(), [error.rescued])
        session.spool.binary = BINARY
        self.assertTrue(session.save_conversation_session(ITEMS).created)
        self.assertEqual(self.rescued(), [])

    def test_a_call_that_is_refused_is_kept_too(self) -> None:
        session = Session("s1", self.spool(rescue_dir=self.rescue_dir), egress_id="../x")
        with self.assertRaises(InvalidInput):
            session.save_conversation_session(ITEMS)
        (kept,) = self.rescued()
        self.assertEqual(read(kept)["items"], ITEMS)

    def test_a_lead_that_is_kept_can_be_recorded_later(self) -> None:
        session = self.session(rescue_dir=self.rescue_dir, binary="/nonexistent/callspool")
        with self.assertRaises(ProgramNotFound):
            session.create_lead(*LEAD)
        (kept,) = self.rescued()
        self.feed(kept, "lead")
        self.assertEqual(len(list((self.root / "leads").glob("*.json"))), 1)

    def test_a_place_that_cannot_be_written_does_not_hide_why_the_call_failed(self) -> None:
        self.rescue_dir.parent.write_text("no directory")
        session = Session(
            "s1",
            Spool(self.root, binary="/nonexistent/callspool", rescue_dir=self.rescue_dir),
            campaign_metadata=CAMPAIGN,
        )
        with self.assertRaises(ProgramNotFound) as caught:
            session.save_conversation_session(ITEMS)
        self.assertIsNone(caught.exception.rescued)
        self.assertIsInstance(caught.exception.rescue_error, OSError)
        self.assertIn("could not be kept", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
