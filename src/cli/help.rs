//! The texts of `--help` that are not about one argument.

pub(super) const ABOUT: &str =
    "Delivers the recordings and call data of a voice agent's spool to an upload API, and exits.";

pub(super) const CONFIG: &str = "Config file (TOML; the flags' names with underscores)\n\
[env: CALLSPOOL_CONFIG] [default: /etc/callspool/config.toml, if it is there]";

pub(super) const AFTER_HELP: &str = "\
Examples:
  callspool --root /srv/agent dry-run
      what the next run would do
  callspool --root /srv/agent --api-url https://crm.example/apis/api/public --token-file /etc/callspool/token run
      deliver what is due
  callspool -q run
      the same from cron, with the settings in /etc/callspool/config.toml: silent when all went well
  callspool inspect
      what is pending, and what needs a person

Durations are written 90s, 5m, 6h, 2d; sizes 16KiB, 20MB.
What a flag says goes, then the environment, then the config file, then the default.

Exit codes:
    0  nothing failed
    1  internal: a bug
    2  usage: a wrong flag, an unusable configuration, a base URL that is not the API
    3  deferred: sessions failed for a passing reason and will be retried
    4  attention: something failed, is corrupt or was delivered in part only
    5  unavailable: the API is away or throttles; the run stopped early
   10  no spool: the root or the metadata directory is missing or unreadable
   11  locked: another run works on the spool
   12  auth: the API refused the credentials
   20  durability: the spool cannot be written, for example because the disk is full
  128+N  stopped by signal N";

pub(super) const RUN: &str = "\
Of a backlog of more than 10,000 due sessions those further back are looked at as their turn comes. What a
run did not come to is left and unread in its report: whether it failed before (exit code 3) or is corrupt
(4), a later run tells.

Examples:
  callspool run --batch-size 20 --max-duration 10m
      at most 20 sessions, and none started after ten minutes
  callspool run --rate 100/min,1000/h
      keep below the API's limits
  callspool run --format json --ok-exit 3,11
      a report for a program; waiting retries and another run are no failures
  callspool run --shard 0/4
      the first of four runs that share the spool out; the others are 1/4, 2/4 and 3/4, here or on
      other machines, each whenever it likes
  JOB_COMPLETION_INDEX=2 callspool run --shard auto/4
      the third, as an Indexed Job of Kubernetes has it; Slurm's SLURM_ARRAY_TASK_ID will do, too";

pub(super) const DRY_RUN: &str = "\
Examples:
  callspool dry-run
      a line for each session: what would be done with it, and which files
  callspool dry-run --format json
      one JSON object a line
  callspool dry-run --shard 0/4
      what the run of that shard would do";

pub(super) const INSPECT: &str = "\
Examples:
  callspool inspect
      counts, ages, and what is pending, failed or corrupt
  callspool inspect session_20251029_135057_99509edf
      all that is known of one session, and what can be done about it
  callspool inspect 9950
      the same: four characters of the beginning, the date or the end will do, if they are short for
      no other session
  callspool inspect --state failed --format json
      one JSON object a line
  callspool inspect --check --max-age 2h --max-pending 500
      one line and exit code 0, 3 or 4, for a monitor
  callspool -q inspect --html /var/www/html/callspool.html
      a page to look at, all in one file; from cron, for a web server";

pub(super) const REQUEUE: &str = "\
Examples:
  callspool requeue session_20251029_135057_99509edf
      try that session again, with its attempts at zero; 9950 will do, as for inspect
  callspool requeue --failed --since 2d --error rejected --dry-run
      what would be put back
  callspool requeue --pending
      after an outage: what waits for its next attempt is due now
  callspool inspect --state failed --format json | jq -r .session_id | callspool requeue -
      ids from another program
  callspool requeue --part recording --force session_20251029_135057_99509edf
      send a recording again that was delivered";

pub(super) const RECORD: &str = "\
stdin is one JSON object: session_id; items or transcript_file; and, where known, dialed_number,
campaign_metadata, egress_id, lead or lead_file, started_at, ended_at, metadata. A session is
recorded once: again changes nothing. Prints the path of its document.

Examples:
  echo '{\"session_id\": \"session_1\", \"items\": [{\"role\": \"user\", \"content\": \"Hello?\"}]}' | callspool record
      a call, its transcript made of the items
  echo '{\"session_id\": \"session_2\", \"transcript_file\": \"conversations/t.json\"}' | callspool record
      a call whose transcript is there already
  callspool record --format json <call.json
      what was written, as one JSON object";

pub(super) const RECORD_LEAD: &str = "\
stdin is one JSON object: session_id, name, email, company, interest; and, where known, phone,
job_title, budget, timeline, campaign_metadata. Prints the path of the lead file. The session finds
it when it is recorded; of several leads the last one counts.

Examples:
  echo '{\"session_id\": \"session_1\", \"name\": \"Test Person\", \"email\": \"t@example.com\", \"company\": \"Example Co\", \"interest\": \"a demo\"}' | callspool record lead
      a lead of a call that goes on";

pub(super) const SCHEMA: &str = "\
Examples:
  callspool schema
      which schemas there are
  callspool schema record >record.schema.json
      what an agent may give to callspool record, for its tests or its editor";
pub(super) const ADOPT: &str = "\
A recording or lead is matched only when it can be told for certain: by the ids in the files, by
their names, or by room and time, and only when neither side has another candidate. Everything else
is reported as ambiguous, with the candidates, and waits for a person.

Examples:
  callspool adopt --dry-run
      what would be adopted, with which files and why
  callspool adopt
      make the documents; the next run delivers them
  callspool run --adopt
      both, for one line in a crontab
  callspool adopt --session session_20251029_135057_99509edf --recording EG_KfWxAFCAvH79.json
      settle one that was ambiguous; --no-recording and --no-lead say that there is none";

pub(super) const CHECK: &str = "\
Looks at settings, token, directories, disks, the lock, and the way to the API, which is asked for a
call that there cannot be. Changes nothing, takes no lock, sends nothing of a call.

Examples:
  callspool check
      what is there, and what to do about what is not well
  sudo -u agent callspool check
      as the user whose cron job it is: what root may do says nothing of it
  callspool -q check
      warnings and errors alone, and nothing when there are none
  callspool check --offline --format json
      one JSON object, and no network

Exit codes:
    0  the next run can work
    2  at least one error: the next run cannot do its work
    3  warnings alone";

pub(super) const PRUNE: &str = "\
Removes documents of what was delivered in full from processed_metadata/: those that neither
--older-than nor --keep keeps. What is pending, failed, corrupt, delivered in part, or was put there by
another program stays. A trace without names remains, so that nothing of it is adopted, recorded or
delivered again.

Examples:
  callspool prune --older-than 90d --dry-run
      what would go
  callspool -q prune --older-than 90d --keep 1000 --with-files
      from cron: documents and files of what was delivered more than 90 days ago, but not of the last 1000
  callspool prune --session session_20251029_135057_99509edf --with-files
      all that is here of one call; says what the API still has of it

Exit codes:
    0  done
    2  a session that was named is not there, or not delivered; the others are done
    4  something was kept that needs a person
   11  another run works on the spool
   20  something could not be removed
  128+N  stopped by signal N between two documents";
