"""What can go wrong when a call is handed over.

No message holds anything that was said: the input that was refused is kept in an attribute of its
own, which neither `str` nor `repr` shows.
"""

from __future__ import annotations

import re
from pathlib import Path

# How a message about the input begins: the place in it, such as `items[3]` or `lead.email`.
_FIELD = re.compile(r"^(?:[a-z]+: )*([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+(?:\[\d+\])?)*) ", re.MULTILINE)


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
    """The program refused the input, its arguments or its settings; nothing was written."""

    @property
    def field(self) -> str | None:
        """The first field that is wrong, such as `lead.email` or `items[3]`."""
        found = _FIELD.search(self.stderr)
        return found.group(1) if found else None


class SpoolUnavailable(CallspoolError):
    """There is no spool where one is expected, or the program could not do its work."""


class ProgramNotFound(SpoolUnavailable):
    """There is no callspool to run, or it cannot be executed."""


class TimedOut(SpoolUnavailable):
    """The program took too long and was killed. The call may be written or not."""


class DurabilityError(SpoolUnavailable):
    """The disk refused: full, read-only, or failing."""


# The program's own exit codes; every other one says that it could not do its work.
_BY_EXIT_CODE = {2: InvalidInput, 20: DurabilityError}


def from_exit(exit_code: int, stderr: str, input: bytes) -> CallspoolError:
    """The error that an exit code stands for."""
    kind = _BY_EXIT_CODE.get(exit_code, SpoolUnavailable)
    if exit_code < 0:
        told = f"was killed by signal {-exit_code}"
    else:
        told = f"ended with exit code {exit_code}"
    detail = stderr.strip()
    message = f"callspool {told}: {detail}" if detail else f"callspool {told}"
    return kind(message, exit_code=exit_code, stderr=stderr, input=input)
