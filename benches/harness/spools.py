"""Spools of made-up calls, and the call data that each of them comes to.

The files have the shape that agents and LiveKit egress give them. They are hours old, so that no
peer has a reason to wait. What the sink answers is known beforehand, and so is each body.
"""

import json
import os
import shutil
import time
from pathlib import Path

STATES = ("call_metadata", "processed_metadata", "failed_metadata", "corrupt_metadata")
RECORDING_URL = "http://crm.example/apis/uploads/recordings/1761638707911.ogg"
AGE_SECONDS = 7200
_BLOCK = os.urandom(1 << 20)

_SAID = (
    "Hello, this is the front desk of Example Company, how can I help you today?",
    "Hi, I would like to know whether you still have a place in the course next month.",
    "We do. There are two dates, one in the first week and one in the last week.",
    "The last week would suit me better, and we would be three people.",
    "Then I shall put you down for three. May I have a name for the reservation?",
    "Test Person, please, and send the papers to the address that you have.",
)


def compact(value):
    """JSON as the program sends it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Spool:
    """A spool of so many calls with recordings of one size."""

    def __init__(self, root, count, size, with_lead_every=4):
        self.root = Path(root)
        self.count = count
        self.size = size
        self.bodies = Path(f"{root}.bodies")
        self.with_lead_every = with_lead_every
        self.body_bytes = 0
        self._documents = {}
        for name in ("call_metadata", "recordings", "conversations", "leads"):
            (self.root / name).mkdir(parents=True)
        self.bodies.mkdir()
        for index in range(count):
            self._make(index)

    def session(self, index):
        """The id of a call."""
        return f"session_20251029_135057_{index:08x}"

    def recording(self, index):
        """The file of a call's recording."""
        return self.root / "recordings" / f"number-_15550100123-{1761719171 + index}.ogg"

    def body(self, index):
        """The file with a call's data, ready to be posted."""
        return self.bodies / f"{index}.json"

    def refill(self):
        """All calls pending, as if nobody had sent anything."""
        for name in STATES:
            shutil.rmtree(self.root / name, ignore_errors=True)
        pending = self.root / "call_metadata"
        pending.mkdir()
        for index, text in self._documents.items():
            _write(pending / f"metadata_{self.session(index)}.json", text.encode(), index)

    def pending(self):
        """How many documents wait."""
        return _documents(self.root / "call_metadata")

    def processed(self):
        """How many documents were filed as delivered."""
        return _documents(self.root / "processed_metadata")

    def remove(self):
        """Everything goes."""
        shutil.rmtree(self.root)
        shutil.rmtree(self.bodies)

    def _make(self, index):
        session, recording = self.session(index), self.recording(index)
        lead = f"leads/lead_{session}.json" if index % self.with_lead_every == 0 else None
        transcript = _transcript(session)
        egress = f"EG_{index:012x}"
        self._documents[index] = json.dumps(_document(session, egress, lead), indent=2)
        _write_large(recording, self.size, index)
        _write(self.root / "recordings" / f"{egress}.json",
               json.dumps(_manifest(egress, recording.name)).encode(), index)
        _write(self.root / "conversations" / f"transcript_{session}.json",
               compact(transcript).encode(), index)
        if lead:
            _write(self.root / lead, compact(LEAD).encode(), index)
        body = compact(call_data(session, transcript, LEAD if lead else None, self.size)).encode()
        self.body_bytes += len(body)
        self.body(index).write_bytes(body)


LEAD = {
    "timestamp": "2025-10-29T13:51:10.546889", "source": "Assistant", "status": "new",
    "name": "Test Person", "email": "t@example.com", "company": "Example Co",
    "interest": "a course", "phone": "+15550100123",
}


def call_data(session, transcript, lead, size):
    """The body of the post, by the contract."""
    return {
        "campaignId": "campaign-1", "voiceAgentId": "agent-1", "client": "client-1",
        "callDetails": {
            "callId": f"CALL-{session}", "direction": "inbound",
            "startTime": transcript["start_time"], "endTime": transcript["end_time"],
            "duration": int(transcript["duration_seconds"]), "status": "completed",
            "callerNumber": "+15550100123", "recordingUrl": RECORDING_URL,
            "recordingDuration": 57, "recordingSize": size,
        },
        "caller": {"phoneNumber": "+15550100123"},
        "transcription": {
            "session_id": session,
            "start_time": transcript["start_time"], "end_time": transcript["end_time"],
            "duration_seconds": transcript["duration_seconds"],
            "total_items": len(transcript["items"]),
            "conversation_items": [
                {key: item[key] for key in
                 ("role", "content", "timestamp", "source", "transcript_confidence")}
                for item in transcript["items"]
            ],
            "lead_generated": lead is not None,
            "metadata": transcript["metadata"],
        },
        # The program sends the lead's bytes as they are in its file.
        "lead": lead or {},
    }


def tiny(root, count):
    """A backlog: `count` small documents of calls that were not recorded. Transcripts share files."""
    root = Path(root)
    for name in ("call_metadata", "recordings", "conversations", "leads"):
        (root / name).mkdir(parents=True)
    first = time.time_ns() - (AGE_SECONDS + count) * 10**9
    source = None
    for index in range(count):
        session = f"session_{index:08x}"
        transcript = f"{root}/conversations/transcript_{session}.json"
        if index % 10_000 == 0:
            source = transcript
            _write(transcript, json.dumps(_transcript(None)).encode(), 0)
        else:
            os.link(source, transcript)
        text = compact({
            "session_id": session, "dialed_number": "+15550100123",
            "campaign_metadata": {"campaignId": "campaign-1", "voiceAgentId": "agent-1",
                                  "clientId": "client-1"},
            "files": {"recording": None,
                      "conversation": f"conversations/transcript_{session}.json", "lead": None},
            "timestamps": {"call_start": "2025-10-29T13:50:57.987953Z",
                           "call_end": "2025-10-29T13:51:29.544211Z",
                           "metadata_saved": "2025-10-29T13:51:31.540340Z"},
            "status": "ready_for_upload", "upload_attempts": 0, "last_upload_attempt": None,
        })
        path = f"{root}/call_metadata/metadata_{session}.json"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(handle, text.encode())
        os.utime(handle, ns=(first + index * 10**9,) * 2)
        os.close(handle)


def _document(session, egress, lead):
    return {
        "session_id": session, "dialed_number": "+15550100123",
        "campaign_metadata": {"campaignId": "campaign-1", "voiceAgentId": "agent-1",
                              "clientId": "client-1", "sessionId": "session_1761745857",
                              "dialedNumber": "+15550100123", "egressId": egress},
        "files": {"recording": None, "lead": lead,
                  "conversation": f"/home/agent/livekit/conversations/transcript_{session}.json"},
        "timestamps": {"call_start": "2025-10-29T13:50:57.987953+00:00Z",
                       "call_end": "2025-10-29T13:51:29.544211+00:00Z",
                       "metadata_saved": "2025-10-29T13:51:31.540340Z"},
        "status": "ready_for_upload", "upload_attempts": 0, "last_upload_attempt": None,
    }


def _transcript(session):
    items = [
        {"role": ("assistant", "user")[turn % 2], "content": _SAID[turn % len(_SAID)],
         "timestamp": f"2025-10-29T13:51:{turn:02}.608060Z", "source": "agent",
         "transcript_confidence": None}
        for turn in range(18)
    ]
    whole = {"session_id": session, "start_time": "2025-10-29T13:50:57.987953Z",
             "end_time": "2025-10-29T13:51:29.544211Z", "items": items,
             "total_items": len(items), "duration_seconds": 31.556258, "lead_generated": False,
             "metadata": {"auto_saved": True}}
    if session is None:
        del whole["session_id"]
    return whole


def _manifest(egress, name):
    return {"egress_id": egress, "room_id": "RM_hwpxamgSaLK3", "room_name": "number-_15550100123",
            "started_at": 1761719171999656880, "ended_at": 1761719229844410797,
            "files": [{"filename": f"recordings/{name}", "location": f"/recordings/{name}"}]}


def _write(path, data, index):
    with open(path, "wb") as file:
        file.write(data)
    _age(path, index)


def _write_large(path, size, index):
    with open(path, "wb") as file:
        # No two recordings begin alike.
        head = f"{index:016x}".encode()[:size]
        file.write(head)
        left = size - len(head)
        while left > 0:
            left -= file.write(_BLOCK[:left])
    _age(path, index)


def _age(path, index):
    then = time.time() - AGE_SECONDS + index / 1000
    os.utime(path, (then, then))


def _documents(directory):
    if not directory.is_dir():
        return 0
    return sum(entry.name.startswith("metadata_") for entry in os.scandir(directory))
