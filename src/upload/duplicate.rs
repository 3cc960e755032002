//! Whether a text of the API says that the call is already there. Pure.
//!
//! Too strict costs a question, too lax costs a call: so only a text about the call itself, or
//! about nothing in particular, counts as [`Claim::Call`]. What counts at all, in any case and
//! with any punctuation:
//!
//! - "already exist…", "exists already";
//! - "duplicate…" or "dup" within four words of what a database or the API would call the thing
//!   posted: key, entry, record, document, row, call, session …
//!
//! What never counts: a text about idempotency keys (the conflict is about the request, not about
//! the call), and one that says that the first request is still being worked on.

/// What a text claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Nothing of the kind.
    Nothing,
    /// That something is already there, which need not be the call: a lead, a contact, a file.
    Something,
    /// That the call is already there.
    Call,
}

const THINGS_POSTED: [&str; 12] = [
    "key", "keys", "entry", "record", "document", "row", "resource", "id", "unique", "object",
    "item", "post",
];

const CALLS: [&str; 12] = [
    "call",
    "calls",
    "callid",
    "calldata",
    "calldetails",
    "calllog",
    "calllogs",
    "cdr",
    "conversation",
    "conversations",
    "session",
    "sessions",
];

const OTHERS: [&str; 25] = [
    "lead",
    "leads",
    "contact",
    "contacts",
    "customer",
    "customers",
    "campaign",
    "campaigns",
    "agent",
    "agents",
    "client",
    "clients",
    "user",
    "users",
    "caller",
    "callers",
    "callernumber",
    "phone",
    "number",
    "phonenumber",
    "email",
    "account",
    "file",
    "recording",
    "upload",
];

const STILL_AT_WORK: [&str; 4] = [
    "in progress",
    "being processed",
    "still processing",
    "in flight",
];

/// How many words may stand between "duplicate" and what is one.
const REACH_WORDS: usize = 4;

/// Reads one message of the API.
pub fn claim(text: &str) -> Claim {
    let normal: String = text
        .chars()
        .map(|character| {
            if character.is_alphanumeric() {
                character
            } else {
                ' '
            }
        })
        .collect::<String>()
        .to_lowercase();
    let words: Vec<&str> = normal.split_whitespace().collect();
    let joined = words.join(" ");
    if words.iter().any(|word| word.starts_with("idempoten"))
        || STILL_AT_WORK.iter().any(|phrase| joined.contains(phrase))
    {
        return Claim::Nothing;
    }
    let before = Subjects::before_each(&words);
    let after = Subjects::after_each(&words);
    (0..words.len())
        .filter_map(|at| {
            let (before, after) = (before.at(at), after.at(at));
            claim_at(&words, at).map(|claims| match claims {
                // "a lead already exists": what stands before is what exists.
                Claims::Already => before.or(after),
                // "duplicate key error collection: crm.leads": what stands after is the duplicate.
                Claims::Duplicate => after.or(before),
            })
        })
        .map(|subject| subject.unwrap_or(Claim::Call))
        .max()
        .unwrap_or(Claim::Nothing)
}

/// The nearest word that names something, for each place in a text. Found for all places at once:
/// an answer may claim things without end.
struct Subjects(Vec<Option<Claim>>);

impl Subjects {
    fn before_each(words: &[&str]) -> Self {
        Self::along(words.iter())
    }

    fn after_each(words: &[&str]) -> Self {
        let mut subjects = Self::along(words.iter().rev());
        subjects.0.reverse();
        subjects
    }

    /// What was named last when each word is reached.
    fn along<'a>(words: impl Iterator<Item = &'a &'a str>) -> Self {
        let mut named = None;
        let subjects = words.map(|word| {
            let nearest = named;
            named = subject(word).or(named);
            nearest
        });
        Self(subjects.collect())
    }

    fn at(&self, place: usize) -> Option<Claim> {
        self.0.get(place).copied().flatten()
    }
}

/// How a word claims that something is there.
enum Claims {
    Already,
    Duplicate,
}

/// How the word at a place claims something, if it is one of those that do.
fn claim_at(words: &[&str], at: usize) -> Option<Claims> {
    let (before, rest) = words.split_at_checked(at)?;
    let (word, after) = rest.split_first()?;
    let next = after.first().copied().unwrap_or_default();
    let is_already = (*word == "already" && next.starts_with("exist"))
        || (word.starts_with("exist") && next == "already")
        || word.contains("alreadyexist");
    if is_already {
        return Some(Claims::Already);
    }
    let is_thing = |word: &&str| THINGS_POSTED.contains(word) || CALLS.contains(word);
    let is_duplicate = (word.starts_with("duplicate") || *word == "dup")
        && (after.iter().take(REACH_WORDS).any(is_thing)
            || before.iter().rev().take(REACH_WORDS).any(is_thing));
    is_duplicate.then_some(Claims::Duplicate)
}

/// Whether a word names the call or something else; most words name nothing.
fn subject(word: &str) -> Option<Claim> {
    if CALLS.contains(&word) {
        Some(Claim::Call)
    } else if OTHERS.contains(&word) {
        Some(Claim::Something)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_about_the_call_or_about_nothing_in_particular_count() {
        for text in [
            "Call already exists",
            "callId already exists",
            "A call with this callId ALREADY EXISTS.",
            "already exists",
            "Record already exists",
            "call_already_exists",
            "ALREADY-EXISTING",
            "CallAlreadyExists",
            "This call exists already",
            "Duplicate call",
            "duplicate callId",
            "This call is a duplicate",
            "Duplicate entry 'CALL-session_1' for key 'calls.call_id'",
            "E11000 duplicate key error collection: crm.calls index: callDetails.callId_1 dup key",
            "duplicate key value violates unique constraint \"calls_pkey\"",
            "Duplicate record",
        ] {
            assert_eq!(claim(text), Claim::Call, "{text}");
        }
    }

    #[test]
    fn texts_about_something_else_only_raise_the_question() {
        for text in [
            "Lead already exists",
            "A contact with this phone number already exists",
            "Lead already exists for call CALL-session_1",
            "E11000 duplicate key error collection: crm.leads index: phone_1 dup key",
            "duplicate entry for campaign",
            "caller already exists",
        ] {
            assert_eq!(claim(text), Claim::Something, "{text}");
        }
    }

    #[test]
    fn texts_that_only_sound_alike_do_not_count() {
        for text in [
            "",
            "Internal server error",
            "campaign does not exist",
            "Idempotency-Key already exists with another body",
            "duplicate request: the same idempotency key was used for another call",
            "a duplicate call is already in progress",
            "call already exists and is being processed",
            "conflict",
            "duplicate",
            "the transcript mentions a duplicate of some kind and much later a key",
        ] {
            assert_eq!(claim(text), Claim::Nothing, "{text}");
        }
    }

    #[test]
    fn the_strongest_claim_of_a_text_counts() {
        assert_eq!(
            claim("lead already exists; call already exists"),
            Claim::Call
        );
    }

    #[test]
    fn a_claim_repeated_without_end_is_read_in_one_go() {
        let text = "already exists duplicate key ".repeat(100_000);
        assert_eq!(claim(&text), Claim::Call);
        assert_eq!(claim(&format!("lead {text}")), Claim::Something);
        assert_eq!(claim(&format!("{text} call")), Claim::Call);
    }
}
