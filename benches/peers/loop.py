"""What a user would write instead: a loop with requests. Nothing is synced, nothing is retried.

Usage: loop.py ROOT API-URL [--session]

With --session one connection is kept. Wants requests; REQUESTS_CA_BUNDLE names extra trust.
"""

import json
import sys
from pathlib import Path

import requests

root, url = Path(sys.argv[1]), sys.argv[2]
http = requests.Session() if "--session" in sys.argv else requests

processed = root / "processed_metadata"
processed.mkdir(exist_ok=True)

for path in sorted((root / "call_metadata").glob("metadata_*.json")):
    document = json.loads(path.read_text())
    session = document["session_id"]
    campaign = document["campaign_metadata"]

    transcript_name = Path(document["files"]["conversation"]).name
    transcript = json.loads((root / "conversations" / transcript_name).read_text())
    lead = {}
    if document["files"]["lead"]:
        lead = json.loads((root / document["files"]["lead"]).read_text())
    manifest = json.loads((root / "recordings" / f"{campaign['egressId']}.json").read_text())
    recording = root / "recordings" / Path(manifest["files"][0]["filename"]).name

    with recording.open("rb") as file:
        answer = http.post(f"{url}/upload", files={"file": (recording.name, file, "audio/ogg")})
    answer.raise_for_status()
    recording_url = answer.json()["data"]["url"]

    items = [
        {key: item.get(key) for key in ("role", "content", "timestamp", "source", "transcript_confidence")}
        for item in transcript["items"]
    ]
    body = {
        "campaignId": campaign["campaignId"],
        "voiceAgentId": campaign["voiceAgentId"],
        "client": campaign["clientId"],
        "callDetails": {
            "callId": f"CALL-{session}",
            "direction": "inbound",
            "startTime": transcript["start_time"],
            "endTime": transcript["end_time"],
            "duration": int(transcript["duration_seconds"]),
            "status": "completed",
            "callerNumber": document["dialed_number"],
            "recordingUrl": recording_url,
            "recordingDuration": int((manifest["ended_at"] - manifest["started_at"]) / 1e9),
            "recordingSize": recording.stat().st_size,
        },
        "caller": {"phoneNumber": document["dialed_number"]},
        "transcription": {
            "session_id": session,
            "start_time": transcript["start_time"],
            "end_time": transcript["end_time"],
            "duration_seconds": transcript["duration_seconds"],
            "total_items": len(items),
            "conversation_items": items,
            "lead_generated": bool(lead),
            "metadata": transcript["metadata"],
        },
        "lead": lead,
    }
    http.post(f"{url}/call-data", json=body).raise_for_status()

    document["status"] = "uploaded"
    document["files"]["recording"] = str(recording)
    document["upload_attempts"] += 1
    path.write_text(json.dumps(document, indent=2))
    path.rename(processed / path.name)
