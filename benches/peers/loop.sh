#!/bin/bash
# What a user would write instead: a shell script with jq and two curl for each call. Nothing is
# synced, nothing is retried.
#
# Usage: loop.sh ROOT API-URL    (CURL_CA_BUNDLE names extra trust)

set -eu
root=$1
url=$2
mkdir -p "$root/processed_metadata"

for document in "$root"/call_metadata/metadata_*.json; do
    transcript=$root/conversations/$(basename "$(jq -r .files.conversation "$document")")
    lead=$(jq -r '.files.lead // empty' "$document")
    manifest=$root/recordings/$(jq -r .campaign_metadata.egressId "$document").json
    recording=$root/recordings/$(basename "$(jq -r '.files[0].filename' "$manifest")")

    recording_url=$(curl -sSf -F "file=@$recording;type=audio/ogg" "$url/upload" | jq -r .data.url)

    jq -n -c --arg url "$recording_url" --argjson size "$(stat -c %s "$recording")" \
        --slurpfile d "$document" --slurpfile t "$transcript" --slurpfile m "$manifest" \
        --slurpfile l "${lead:+$root/}${lead:-/dev/null}" '
        $d[0] as $d | $t[0] as $t | $m[0] as $m | ($l[0] // {}) as $lead | {
            campaignId: $d.campaign_metadata.campaignId,
            voiceAgentId: $d.campaign_metadata.voiceAgentId,
            client: $d.campaign_metadata.clientId,
            callDetails: {
                callId: ("CALL-" + $d.session_id), direction: "inbound",
                startTime: $t.start_time, endTime: $t.end_time,
                duration: ($t.duration_seconds | floor), status: "completed",
                callerNumber: $d.dialed_number, recordingUrl: $url,
                recordingDuration: (($m.ended_at - $m.started_at) / 1e9 | floor),
                recordingSize: $size
            },
            caller: {phoneNumber: $d.dialed_number},
            transcription: {
                session_id: $d.session_id, start_time: $t.start_time, end_time: $t.end_time,
                duration_seconds: $t.duration_seconds, total_items: ($t.items | length),
                conversation_items: [$t.items[] | {role, content, timestamp, source, transcript_confidence}],
                lead_generated: ($lead != {}), metadata: $t.metadata
            },
            lead: $lead
        }' |
        curl -sSf -o /dev/null -H 'Content-Type: application/json' --data-binary @- "$url/call-data"

    jq --arg recording "$recording" \
        '.status = "uploaded" | .files.recording = $recording | .upload_attempts += 1' \
        "$document" >"$document.new"
    mv "$document.new" "$root/processed_metadata/$(basename "$document")"
    rm "$document"
done
