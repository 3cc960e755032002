"""Hands the calls of a LiveKit agent over to callspool.

A `Session` collects what there is to know about one call; saving it makes the `callspool` program
write the call into its spool, durably and once. Nothing here needs the LiveKit SDK or any other
package.
"""

from .command import Lead, Recorded, Spool
from .errors import (
    CallspoolError,
    DurabilityError,
    InvalidInput,
    LeadTooLate,
    Misconfigured,
    ProgramNotFound,
    SpoolUnavailable,
    TimedOut,
)
from .items import to_items
from .session import Session, SessionManager

__all__ = [
    "CallspoolError",
    "DurabilityError",
    "InvalidInput",
    "Lead",
    "LeadTooLate",
    "Misconfigured",
    "ProgramNotFound",
    "Recorded",
    "Session",
    "SessionManager",
    "Spool",
    "SpoolUnavailable",
    "TimedOut",
    "to_items",
]

__version__ = "0.1.0"
