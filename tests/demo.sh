#!/bin/sh
# Shows callspool at work: the spool of fixtures/demo, delivered to the reference API, both on this
# machine. Checks what it shows, and exits non-zero when something is not as it should be.
#
#   sh tests/demo.sh               or: make demo
#   DEMO_KEEP=1 sh tests/demo.sh   leave spool and store in place afterwards
#
# Needs Rust and a C compiler, no network once the dependencies are there, and no privileges.

set -eu

repository=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
fixtures=$repository/fixtures/demo
lead=session_20251029_093400_lead
work=
api_pid=
steps=0

# Ends what was started and removes what was made. The API also ends by itself when this shell dies
# without coming here: its standard input closes then.
# shellcheck disable=SC2317,SC2329 # called by the trap
clean_up() {
    status=$?
    trap - EXIT
    trap '' HUP INT TERM
    if [ -n "$api_pid" ]; then
        kill "$api_pid" 2>/dev/null || :
        wait "$api_pid" 2>/dev/null || :
    fi
    if [ -z "$work" ]; then
        :
    elif [ -n "${DEMO_KEEP:-}" ]; then
        printf '\nLeft in place: %s\n' "$work"
    else
        cd / && rm -rf -- "$work"
    fi
    exit "$status"
}

step() {
    steps=$((steps + 1))
    printf '\n== %s. %s\n' "$steps" "$1"
    shift
    [ $# -eq 0 ] || printf '   %s\n' "$@"
    printf '\n'
}

not_so() {
    printf '\ndemo: not as it should be: %s\n' "$1" >&2
    exit 1
}

# Names an expectation that has been met.
met() {
    printf '   [checked] %s\n' "$1"
}

# callspool as cron would start it, with next to no environment. First the exit code to expect.
callspool() {
    expected=$1
    shift
    printf '$ callspool --config demo.toml %s\n' "$*"
    code=0
    printed=$(env -i PATH=/usr/bin:/bin \
        "$callspool" --config "$work/demo.toml" "$@" 2>&1 </dev/null) || code=$?
    [ -z "$printed" ] || printf '%s\n' "$printed"
    [ "$code" -eq "$expected" ] ||
        not_so "callspool $* exited with $code instead of $expected"
    met "exit code $code"
}

# Counts the documents of a state directory, not the notes beside them.
documents() {
    find "$work/spool/$1" -name 'metadata_*.json' 2>/dev/null | wc -l | tr -d ' '
}

# Expects so many documents in each state.
expect_documents() {
    found="$(documents call_metadata) $(documents processed_metadata)"
    found="$found $(documents failed_metadata) $(documents corrupt_metadata)"
    [ "$found" = "$*" ] ||
        not_so "pending, processed, failed, corrupt are $found instead of $*"
    met "$1 pending, $2 processed, $3 failed, $4 corrupt"
}

# What the API has, as it says itself.
received() {
    "$reference_api" show --store "$work/store"
}

expect_received() {
    recordings=$(received | sed -n 's/^\([0-9]*\) recordings$/\1/p')
    calls=$(received | sed -n 's/^\([0-9]*\) calls$/\1/p')
    different=$(received | sed -n 's/^ *\(CALL-[^ ]*\) .*/\1/p' | sort -u | wc -l | tr -d ' ')
    [ "$recordings $calls $different" = "$1 $2 $2" ] ||
        not_so "the API has $recordings recordings and $calls calls ($different different) instead of $1 and $2"
    met "the API has $1 recordings and $2 calls, none of them twice"
}

# Names and checksums of the files in a directory: two that are equal mean that nothing changed.
fingerprint() {
    (cd "$1" && find . -type f -exec cksum {} + | sort)
}

# Checksums and sizes of audio files, whatever they are called.
audio_in() {
    find "$1" -name '*.ogg' -exec cksum {} + | awk '{ print $1, $2 }' | sort
}

# Sets files' times to so many minutes ago. Only `touch -t` is everywhere, and it wants a time of
# day; a time zone that lies that many minutes back makes `date` do the sum.
set_age() {
    then=$(TZ="AGO0:$1" date +%Y%m%d%H%M.%S)
    shift
    TZ=UTC0 touch -t "$then" "$@"
}

build() {
    printf 'Building callspool and the reference API (a minute or two the first time) ...\n'
    built=$(cd "$repository" && cargo build --locked --workspace --bins \
        --message-format=json-render-diagnostics </dev/null) || exit 1
    callspool=$(executable callspool)
    reference_api=$(executable reference-api)
    if [ ! -x "$callspool" ] || [ ! -x "$reference_api" ]; then
        not_so 'cargo built no programs'
    fi
}

# Where cargo put a program: the target directory depends on the user's settings.
executable() {
    printf '%s\n' "$built" | sed -n 's/.*"executable":"\([^"]*\/'"$1"'\)".*/\1/p'
}

lay_out() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/callspool-demo.XXXXXX")
    cp -R "$fixtures/spool" "$work/spool"
    find "$work/spool" -type f | while IFS= read -r file; do set_age 20 "$file"; done
    mkfifo "$work/stdin"
    (umask 077 && echo 'demo-token' >"$work/token")
}

# Starts the reference API on a port that is free, and waits until it can be reached.
start_api() {
    "$reference_api" --listen 127.0.0.1:0 --port-file "$work/port" --store "$work/store" \
        --token-file "$work/token" --fault "call-data@$lead:1:status=500" \
        --exit-with-stdin <"$work/stdin" >"$work/api.log" 2>&1 &
    api_pid=$!
    exec 9>"$work/stdin"
    tries=0
    until [ -s "$work/port" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ] || ! kill -0 "$api_pid" 2>/dev/null; then
            cat "$work/api.log" >&2
            not_so 'the reference API did not start'
        fi
        sleep 0.1
    done
    cat >"$work/demo.toml" <<EOF
root = "$work/spool"
api_url = "http://127.0.0.1:$(cat "$work/port")/apis/api/public"
token_file = "$work/token"
EOF
}

show_spool() {
    step 'A spool, as a voice agent leaves it' \
        'Eight calls: a document each, with transcripts, recordings, egress manifests and a lead.' \
        'Their names say what is special about them.'
    (cd "$work/spool" && find . -type f | sed 's/^\.\///' | sort)
    printf '\ndemo.toml, the settings:\n'
    cat "$work/demo.toml"
}

show_dry_run() {
    step 'What would a run do?' \
        'dry-run makes the plan that run follows. It sends nothing and writes nothing.' \
        'Exit code 4: two of the eight will need a person.'
    before=$(fingerprint "$work/spool")
    callspool 4 dry-run
    [ "$(fingerprint "$work/spool")" = "$before" ] || not_so 'dry-run changed the spool'
    met 'the spool is what it was'
    expect_received 0 0
}

show_run() {
    step 'A run, while the API has a bad moment' \
        'The API answers the call data of the session with a lead with 500, once.' \
        'One session waits for its recording, one names no campaign, one document is torn:' \
        'none of them holds up the others. Log lines come first, then the report.'
    callspool 4 run
    expect_documents 2 4 1 1
    expect_received 3 4
}

show_inspect() {
    step 'What is left, and why?' \
        'inspect lists what is pending or failed; with an id it shows all about one session.' \
        'The recording of this one has arrived, so only its call data will be sent again.'
    callspool 0 inspect
    printf '\n'
    callspool 0 inspect "$lead"
    printf '\nThe note beside the torn document:\n'
    cat "$work/spool/corrupt_metadata/"*.error.txt
}

show_repair() {
    step 'Putting it right' \
        'The late recording arrives, and a whole copy of the torn document is put in its place.' \
        'requeue puts sessions back to pending; for one that is pending it ends the backoff.'
    for file in "$fixtures/later/recordings/"*; do
        cp "$file" "$work/spool/recordings/"
        set_age 5 "$work/spool/recordings/${file##*/}"
    done
    cp "$fixtures/later/call_metadata/"* "$work/spool/corrupt_metadata/"
    callspool 0 requeue --corrupt
    callspool 0 requeue --failed
    callspool 0 requeue "$lead"
    expect_documents 4 4 0 0
}

show_second_run() {
    step 'The next run' \
        'Defaults stand in for the campaign that one document does not name. All that was left' \
        'goes out, and nothing that had arrived is sent again.'
    callspool 0 run --default-campaign-id campaign-1 --default-voice-agent-id agent-1 \
        --default-client-id client-1
    expect_documents 0 8 0 0
}

show_received() {
    step 'What the API has received'
    received
    printf '\n'
    expect_received 5 8
    [ "$(audio_in "$work/store")" = "$(audio_in "$work/spool/recordings")" ] ||
        not_so 'the recordings that arrived are not those of the spool'
    met 'the recordings are those of the spool, byte for byte'
}

show_quiet_run() {
    step 'Nothing to do' 'With -q, a run that ends well prints nothing, as cron likes it.'
    callspool 0 -q run
    [ -z "$printed" ] || not_so 'a quiet run printed something'
    met 'it printed nothing'
    expect_received 5 8
}

trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

build
lay_out
start_api
cd "$work"
show_spool
show_dry_run
show_run
show_inspect
show_repair
show_second_run
show_received
show_quiet_run
printf '\nAll as it should be: eight calls, five recordings, each delivered once.\n'
