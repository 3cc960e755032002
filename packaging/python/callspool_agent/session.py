"""One call, from its beginning to its document in the spool."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union

from . import rescue
from .command import AnyPath, Lead, Recorded, Spool
from .errors import CallspoolError, InvalidInput, LeadTooLate
from .items import to_items
from .plain import Json, timestamp, to_plain

_log = logging.getLogger("callspool_agent")

_LEAD_FIELDS = ("lead", "lead_file")

# Members of an item that may hold its time.
_TELL_TIMES = ("created_at", "timestamp", "raw")

Time = Union[datetime.datetime, str, float]


class Session:
    """What there is to know about one call. May be used from several threads at once.

    `started_at` is when the call began; else its earliest item tells. A time is a `datetime` (one
    without a zone means UTC), a text as RFC 3339 has it, or seconds since 1970.
    """

    def __init__(
        self,
        session_id: str,
        spool: Spool | None = None,
        *,
        dialed_number: str | None = None,
        campaign_metadata: Mapping[str, Any] | None = None,
        egress_id: str | None = None,
        started_at: Time | None = None,
    ) -> None:
        self.session_id = session_id
        self.spool = Spool() if spool is None else spool
        self._state = threading.Lock()
        self._saving = threading.Lock()
        self._dialed_number = dialed_number
        self._campaign_metadata: dict[str, Any] = dict(campaign_metadata or {})
        self._egress_id = egress_id
        self._started_at = None if started_at is None else _time(started_at)
        self._ended_at: Json | None = None
        # For a call in which nothing was said: nothing else tells its times.
        self._made_at = _time(_now())
        self._first_saved_at: Json | None = None
        self._unwritten_lead: dict[str, Any] | None = None
        self._rescued: list[Path] = []
        self._recorded: Recorded | None = None

    def set_dialed_number(self, dialed_number: str | None) -> None:
        """The other party's number."""
        with self._state:
            self._dialed_number = dialed_number

    def get_dialed_number(self) -> str | None:
        """The other party's number."""
        with self._state:
            return self._dialed_number

    def set_campaign_metadata(self, campaign_metadata: Mapping[str, Any]) -> None:
        """What the campaign says about the call. The path of a lead that was made stays."""
        with self._state:
            lead_file = self._campaign_metadata.get("lead_file")
            self._campaign_metadata = dict(campaign_metadata)
            if lead_file is not None:
                self._campaign_metadata.setdefault("lead_file", lead_file)

    def get_campaign_metadata(self) -> dict[str, Any]:
        """A copy of what the campaign says, with the path of the lead as `lead_file`."""
        with self._state:
            return dict(self._campaign_metadata)

    def set_egress_id(self, egress_id: str | None) -> None:
        """The LiveKit egress that records the call."""
        with self._state:
            self._egress_id = egress_id

    def get_egress_id(self) -> str | None:
        """The LiveKit egress that records the call."""
        with self._state:
            return self._egress_id

    def set_lead_file_path(self, lead_path: AnyPath) -> None:
        """The file of a lead that came of the call."""
        with self._state:
            self._campaign_metadata["lead_file"] = str(lead_path)
            self._unwritten_lead = None

    def get_lead_file_path(self) -> str | None:
        """The file of the lead, when there is one."""
        with self._state:
            path = self._campaign_metadata.get("lead_file")
            return None if path is None else str(path)

    def create_lead(
        self,
        name: str,
        email: str,
        company: str,
        interest: str,
        phone: str = "",
        job_title: str = "",
        budget: str = "",
        timeline: str = "",
    ) -> Lead:
        """Writes a lead at once, in the middle of the call.

        Raises `InvalidInput` when a field is wrong, which `InvalidInput.field` names, and
        `LeadTooLate` when the call was saved before. When the lead could not be written for
        another reason it is tried again when the call is saved.
        """
        fields = {
            "name": name,
            "email": email,
            "company": company,
            "interest": interest,
            "phone": phone,
            "job_title": job_title,
            "budget": budget,
            "timeline": timeline,
        }
        try:
            lead = self.spool.record_lead(
                {
                    "session_id": self.session_id,
                    **fields,
                    "campaign_metadata": self.get_campaign_metadata(),
                }
            )
        except CallspoolError as error:
            if not isinstance(error, (InvalidInput, LeadTooLate)):
                with self._state:
                    self._unwritten_lead = fields
                    if error.rescued is not None:
                        self._rescued.append(error.rescued)
            raise
        self.set_lead_file_path(lead.path)
        return lead

    async def acreate_lead(
        self,
        name: str,
        email: str,
        company: str,
        interest: str,
        phone: str = "",
        job_title: str = "",
        budget: str = "",
        timeline: str = "",
    ) -> Lead:
        """`create_lead`, without blocking the event loop."""
        return await asyncio.to_thread(
            self.create_lead, name, email, company, interest, phone, job_title, budget, timeline
        )

    def save_conversation_session(
        self,
        items: object,
        metadata: Mapping[str, Any] | None = None,
        dialed_number: str | None = None,
        *,
        ended_at: Time | None = None,
    ) -> Recorded:
        """Writes the call into the spool: once, however often and from wherever it is called.

        `items` is what was said, in any form that `to_items` takes. `metadata` goes into the
        transcript. `ended_at` is when the call ended; else its latest item tells. Raises a
        `CallspoolError` when the call was not written; then it may be tried again.
        """
        return self._save(to_items(items), metadata, dialed_number, ended_at)

    async def asave_conversation_session(
        self,
        items: object,
        metadata: Mapping[str, Any] | None = None,
        dialed_number: str | None = None,
        *,
        ended_at: Time | None = None,
    ) -> Recorded:
        """`save_conversation_session`, without blocking the event loop.

        The saving goes on when the task that waits for it is cancelled.
        """
        # Read here, where nothing else changes them, and not in the other thread.
        taken = to_items(items)
        return await asyncio.to_thread(self._save, taken, metadata, dialed_number, ended_at)

    def _save(
        self,
        items: list[dict[str, Json]],
        metadata: Mapping[str, Any] | None,
        dialed_number: str | None,
        ended_at: Time | None,
    ) -> Recorded:
        with self._saving:
            if self._recorded is not None:
                return self._recorded
            call = self._call(items, metadata, dialed_number, ended_at)
            try:
                self._recorded = self._record(call)
            except CallspoolError as error:
                with self._state:
                    if error.rescued is not None:
                        self._rescued.append(error.rescued)
                raise
            # What an earlier try had to leave elsewhere is in the spool now.
            with self._state:
                for path in self._rescued:
                    rescue.drop(path)
                self._rescued.clear()
            return self._recorded

    def _record(self, call: dict[str, Any]) -> Recorded:
        """Records a call, without its lead when nothing but the lead is refused."""
        try:
            return self.spool.record(call)
        except InvalidInput as error:
            fields = error.fields
            if not fields or not all(field.split(".")[0] in _LEAD_FIELDS for field in fields):
                raise
            _log.error("the call is saved without its lead, which was refused: %s", error)
            alone = {name: value for name, value in call.items() if name not in _LEAD_FIELDS}
            recorded = self.spool.record(alone)
            told = tuple(f"the lead was refused: {problem}" for problem in error.problems)
            return dataclasses.replace(recorded, warnings=recorded.warnings + told)

    def _call(
        self,
        items: list[dict[str, Json]],
        metadata: Mapping[str, Any] | None,
        dialed_number: str | None,
        ended_at: Time | None,
    ) -> dict[str, Any]:
        """What `callspool record` is given."""
        with self._state:
            if dialed_number is not None:
                self._dialed_number = dialed_number
            # A second try must say the same as the first, of which something may be written.
            if self._first_saved_at is None:
                self._first_saved_at = _time(_now())
            if ended_at is not None:
                self._ended_at = _time(ended_at)
            started, ended = self._started_at, self._ended_at
            if not any(name in item for item in items for name in _TELL_TIMES):
                started = self._made_at if started is None else started
                ended = self._first_saved_at if ended is None else ended
            call: dict[str, Any] = {
                "session_id": self.session_id,
                "dialed_number": self._dialed_number,
                "campaign_metadata": dict(self._campaign_metadata),
                "egress_id": self._egress_id,
                "items": items,
                "started_at": started,
                "ended_at": ended,
            }
            if metadata is not None:
                call["metadata"] = dict(metadata)
            if self._unwritten_lead is not None:
                call["lead"] = dict(self._unwritten_lead)
            elif self._campaign_metadata.get("lead_file") is not None:
                call["lead_file"] = str(self._campaign_metadata["lead_file"])
            return call


#: Another name for it, which agents may know.
SessionManager = Session


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _time(time: Time) -> Json:
    return timestamp(time) if isinstance(time, datetime.datetime) else to_plain(time)
