"""An upload cron of the old kind, as small as it can be: no lock, nothing atomic, no sync.

    old_cron.py --api-url URL [--use-central-metadata] [--batch-size N]

Delivers from the working directory: the documents in call_metadata/, or else the transcripts in
conversations/ that have no marker in processed_uploads/.
"""

import argparse
import json
import pathlib
import re
import shutil
import time
import urllib.request
import uuid


def send(url, data, media_type):
    request = urllib.request.Request(url, data=data, headers={"Content-Type": media_type})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def upload(api, path):
    boundary = uuid.uuid4().hex
    head = (
        f"--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; "
        f"filename=\"{path.name}\"\r\nContent-Type: audio/ogg\r\n\r\n"
    )
    body = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    answer = send(f"{api}/upload", body, f"multipart/form-data; boundary={boundary}")
    return answer["data"]["url"]


def post(api, call_id, campaign, transcript, url):
    call = {
        "campaignId": campaign.get("campaignId", "none"),
        "voiceAgentId": campaign.get("voiceAgentId", "none"),
        "client": campaign.get("clientId", "none"),
        "callDetails": {"callId": call_id, "recordingUrl": url},
        "caller": {"phoneNumber": campaign.get("dialedNumber")},
        "transcription": transcript,
        "lead": {},
    }
    send(f"{api}/call-data", json.dumps(call).encode(), "application/json")


def recording_of(egress_id):
    manifest = pathlib.Path("recordings", f"{egress_id}.json")
    if not manifest.exists():
        return None
    name = json.loads(manifest.read_text())["files"][0]["filename"]
    path = pathlib.Path("recordings", name.rsplit("/", 1)[-1])
    return path if path.exists() else None


def deliver(api, call_id, campaign, transcript):
    recording = recording_of(campaign.get("egressId"))
    url = upload(api, recording) if recording else None
    post(api, call_id, campaign, transcript, url)


def from_documents(api, batch_size):
    pending = sorted(pathlib.Path("call_metadata").glob("metadata_*.json"))
    for path in pending[:batch_size]:
        document = json.loads(path.read_text())
        if document.get("status") != "ready_for_upload":
            continue
        name = re.split(r"[/\\]", document["files"]["conversation"])[-1]
        transcript = json.loads(pathlib.Path("conversations", name).read_text())
        campaign = document["campaign_metadata"]
        deliver(api, f"CALL-{document['session_id']}", campaign, transcript)
        document["status"] = "uploaded"
        document["upload_attempts"] += 1
        path.write_text(json.dumps(document, indent=2))
        pathlib.Path("processed_metadata").mkdir(exist_ok=True)
        shutil.move(path, pathlib.Path("processed_metadata", path.name))


def from_transcripts(api, batch_size):
    markers = pathlib.Path("processed_uploads")
    markers.mkdir(exist_ok=True)
    transcripts = sorted(pathlib.Path("conversations").glob("transcript_session_*.json"))
    new = [path for path in transcripts if not (markers / f"{path.name}.uploaded").exists()]
    for path in new[:batch_size]:
        transcript = json.loads(path.read_text())
        campaign = transcript.get("metadata", {}).get("campaign_metadata", {})
        call_id = f"CALL-{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:8]}"
        deliver(api, call_id, campaign, transcript)
        marker = {"original_path": str(path), "upload_result": {"success": True, "call_id": call_id}}
        (markers / f"{path.name}.uploaded").write_text(json.dumps(marker))


arguments = argparse.ArgumentParser()
arguments.add_argument("--api-url", required=True)
arguments.add_argument("--batch-size", type=int, default=10)
arguments.add_argument("--use-central-metadata", action="store_true")
given = arguments.parse_args()
way = from_documents if given.use_central_metadata else from_transcripts
way(given.api_url, given.batch_size)
