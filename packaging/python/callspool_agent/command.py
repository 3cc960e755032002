"""The callspool program: where it is, what it is given, what it answers."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, TypeVar, Union

from . import rescue
from .errors import (
    CallspoolError,
    InvalidInput,
    LeadTooLate,
    ProgramNotFound,
    SpoolUnavailable,
    TimedOut,
    from_exit,
)
from .plain import encode, text

_log = logging.getLogger("callspool_agent")

#: Names the program, when no argument does.
PROGRAM_VARIABLE = "CALLSPOOL_BIN"

# What is wrong is read from the program's messages, so nobody may silence them; and a variable that
# is none of its settings makes it warn.
_NOT_FOR_THE_PROGRAM = ("RUST_LOG", PROGRAM_VARIABLE)

#: LiveKit gives an agent's shutdown callbacks ten seconds.
DEFAULT_TIMEOUT_SECONDS = 8.0

# How long a killed program is waited for; one that hangs in the kernel must not hang the agent.
_REAP_SECONDS = 1.0

AnyPath = Union[str, "os.PathLike[str]"]

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Recorded:
    """A call in the spool."""

    session_id: str
    #: Whether this is the time that wrote it. It is not when the call was there already.
    created: bool
    #: The document that stands for the call.
    document: Path
    #: In which state it is: `pending`, or what became of it since.
    state: str
    transcript: Path | None
    lead: Path | None
    #: How many items cannot be read. They are kept, but what was said in them is not delivered.
    unreadable_items: int = 0
    #: What is odd about the call, though it was written.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lead:
    """A lead in the spool."""

    session_id: str
    #: Whether this is the time that wrote it.
    created: bool
    path: Path


class Spool:
    """A spool, and the program that writes into it.

    Where `root` and `config` are not given, the program looks for them as it always does, in its
    environment and files. `binary` is the program: a path or a name in `PATH`; else
    `CALLSPOOL_BIN` names it; else it is `callspool`. `timeout` is in seconds.

    With a `rescue_dir` the JSON of a call that could not be handed over is kept there, to be given
    to `callspool record` later. Name one on another disk than the spool's.
    """

    def __init__(
        self,
        root: AnyPath | None = None,
        *,
        config: AnyPath | None = None,
        binary: AnyPath | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        rescue_dir: AnyPath | None = None,
    ) -> None:
        self.root = None if root is None else Path(root).absolute()
        self.config = None if config is None else Path(config).absolute()
        self.binary = None if binary is None else os.fspath(binary)
        self.timeout = timeout
        self.rescue_dir = None if rescue_dir is None else Path(rescue_dir).absolute()

    def record(self, call: Mapping[str, Any]) -> Recorded:
        """Writes a call, given as `callspool record` wants it. One that is there stays as it is.

        Raises a `CallspoolError` when that did not come about.
        """
        try:
            recorded = self._run(["record"], encode(call), _recorded)
        except CallspoolError as error:
            self._keep(error, "record", call)
            raise
        for warning in recorded.warnings:
            _log.warning("%s", warning)
        _log.info("call saved: %s", recorded.document)
        return recorded

    def record_lead(self, lead: Mapping[str, Any]) -> Lead:
        """Writes a lead in the middle of a call, given as `callspool record lead` wants it.

        Raises a `CallspoolError` when that did not come about.
        """
        try:
            recorded = self._run(["record", "lead"], encode(lead), _lead)
        except (InvalidInput, LeadTooLate):
            # Whoever gave it can give it again, or it is written.
            raise
        except CallspoolError as error:
            self._keep(error, "lead", lead)
            raise
        _log.info("lead saved: %s", recorded.path)
        return recorded

    async def arecord(self, call: Mapping[str, Any]) -> Recorded:
        """`record`, without blocking the event loop."""
        return await asyncio.to_thread(self.record, call)

    async def arecord_lead(self, lead: Mapping[str, Any]) -> Lead:
        """`record_lead`, without blocking the event loop."""
        return await asyncio.to_thread(self.record_lead, lead)

    def _command(self, arguments: list[str], input: bytes) -> list[str]:
        name = self.binary or os.environ.get(PROGRAM_VARIABLE) or "callspool"
        program = shutil.which(name)
        if program is None:
            raise ProgramNotFound(
                f"there is no program {name!r} to run; install callspool, or name it with binary= "
                f"or {PROGRAM_VARIABLE}",
                input=input,
            )
        command = [program]
        if self.root is not None:
            command += ["--root", os.fspath(self.root)]
        if self.config is not None:
            command += ["--config", os.fspath(self.config)]
        return command + arguments

    def _run(
        self,
        arguments: list[str],
        input: bytes,
        read: Callable[[dict[str, Any]], _Answer],
    ) -> _Answer:
        """Runs the program to its end, and reads what it printed."""
        command = self._command([*arguments, "--format", "json"], input)
        environment = {
            name: value for name, value in os.environ.items() if name not in _NOT_FOR_THE_PROGRAM
        }
        try:
            # In a session of its own: a Ctrl-C that ends the agent must not end the saving.
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramNotFound(f"{command[0]} cannot be run: {error}", input=input) from error
        try:
            stdout, errors = process.communicate(input, timeout=self.timeout)
        except subprocess.TimeoutExpired as error:
            _end(process)
            raise TimedOut(f"callspool did not end within {self.timeout} s", input=input) from error
        except BaseException:
            _end(process)
            raise
        stderr = errors.decode(errors="replace")
        if process.returncode != 0:
            raise from_exit(process.returncode, stderr, input)
        try:
            return read(json.loads(stdout))
        except (ValueError, KeyError, TypeError) as error:
            raise SpoolUnavailable(
                "callspool ended well, but its answer is not understood; is it another version?",
                exit_code=0,
                stderr=stderr,
                input=input,
            ) from error

    def _keep(self, error: CallspoolError, kind: str, call: Mapping[str, Any]) -> None:
        """Keeps what could not be handed over."""
        if self.rescue_dir is None or not error.input:
            return
        try:
            error.rescued = rescue.keep(
                self.rescue_dir, kind, text(str(call.get("session_id", ""))), error.input
            )
        except OSError as cause:
            error.rescue_error = cause


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills the program, and lets go of it."""
    process.kill()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                pass
    try:
        process.wait(_REAP_SECONDS)
    except subprocess.TimeoutExpired:
        _log.warning("callspool was killed and does not end")


def _recorded(answer: dict[str, Any]) -> Recorded:
    return Recorded(
        session_id=answer["session_id"],
        created=answer["created"],
        document=Path(answer["document"]),
        state=answer["state"],
        transcript=_path(answer["transcript"]),
        lead=_path(answer["lead"]),
        unreadable_items=answer["unreadable_items"],
        warnings=tuple(answer["warnings"]),
    )


def _lead(answer: dict[str, Any]) -> Lead:
    return Lead(
        session_id=answer["session_id"], created=answer["created"], path=Path(answer["lead"])
    )


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)
