"""What can go wrong when a call is handed over.

No message holds anything that was said: the input that was refused is kept in an attribute of its
own, which neither `str` nor `repr` shows.
"""

from __future__ import annotations

import re
from pathlib import Path

# A line that the program logs for what is wrong: the text in quotes is the message. The last line
# sums up and names the exit code.
_ERROR = re.compile(r'level=error event="((?:[^"\\]|\\.)*)"( exit=\d+)?$', re.MULTILINE)

# How a message about the input begins: the place in it, such as `items[3]` or `lead.email`.
_FIELD = re.compile(r"([A-Za-z_]+(?:\[\d+\])?(?:\.[A-Za-z_]+(?:\[\d+\])?)*) ")

# What the program says when it has refused an input, and not an argument or a setting.
_REFUSED = "nothing was written"


class CallspoolError(Exception):
    """The call was not handed over.

    Trying again is always safe: a call is written once, however often it is given.
    """

    def __init__(
        self,
        message: str,
        *,
        exit_code: int | None = None,
        stderr: str = "",
        input: bytes = b"",
    ) -> None:
        super().__init__(message)
        #: The program's exit code; `None` when it did not run or did not end by itself.
        self.exit_code = exit_code
        #: What the program wrote to stderr.
        self.stderr = stderr
        #: The JSON that it was given.
        self.input = input
        #: Where that JSON is kept, when a `rescue_dir` was named and could be written to.
        self.rescued: Path | None = None
        #: Why it could not be kept, when a `rescue_dir` was named.
        self.rescue_error: OSError | None = None

    def __str__(self) -> str:
        message = super().__str__()
        if self.rescued is not None:
            return f"{message}; the input is kept in {self.rescued}"
        if self.rescue_error is not None:
            return f"{message}; the input could not be kept: {self.rescue_error}"
        return message


class InvalidInput(CallspoolError):
    """The program refused what it was given; nothing was written."""

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, such as `lead.email is not an e-mail address`."""
        return [message for message, summary in _errors(self.stderr) if not summary]

    @property
    def fields(self) -> list[str]:
        """The fields that are wrong, such as `lead.email` or `items[3]`."""
        found = [_FIELD.match(problem) for problem in self.problems]
        return [match.group(1) for match in found if match is not None]

    @property
    def field(self) -> str | None:
        """The first field that is wrong."""
        fields = self.fields
        return fields[0] if fields else None


class LeadTooLate(CallspoolError):
    """The lead is written, but its call was saved before: it will not be delivered by itself."""


class SpoolUnavailable(CallspoolError):
    """There is no spool where one is expected, or the program could not do its work."""


class Misconfigured(SpoolUnavailable):
    """The program does not understand its arguments or its settings."""


class ProgramNotFound(SpoolUnavailable):
    """There is no callspool to run, or it cannot be executed."""


class TimedOut(SpoolUnavailable):
    """The program took too long and was killed. The call may be written or not."""


class DurabilityError(SpoolUnavailable):
    """The disk refused: full, read-only, or failing."""


_ATTENTION = 4
_USAGE = 2
_DURABILITY = 20


def from_exit(exit_code: int, stderr: str, input: bytes) -> CallspoolError:
    """The error that an exit code stands for."""
    kind: type[CallspoolError] = SpoolUnavailable
    if exit_code == _USAGE:
        kind = InvalidInput if _REFUSED in stderr else Misconfigured
    elif exit_code == _DURABILITY:
        kind = DurabilityError
    elif exit_code == _ATTENTION:
        kind = LeadTooLate
    if exit_code < 0:
        told = f"was killed by signal {-exit_code}"
    else:
        told = f"ended with exit code {exit_code}"
    messages = [message for message, _ in _errors(stderr)] or [stderr.strip()]
    detail = "; ".join(message for message in messages if message)
    message = f"callspool {told}: {detail}" if detail else f"callspool {told}"
    return kind(message, exit_code=exit_code, stderr=stderr, input=input)


def _errors(stderr: str) -> list[tuple[str, bool]]:
    """The messages in what the program logged, and whether each sums up."""
    return [(text.replace('\\"', '"'), summary != "") for text, summary in _ERROR.findall(stderr)]
