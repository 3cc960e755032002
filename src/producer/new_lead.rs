//! A new lead: what the agent learnt about a caller, checked as the customer's agents do.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use super::problem::{Fault, Problem, Problems};
use crate::json::{JsonError, RawObject};
use crate::timestamp;

/// Who a lead comes from.
const SOURCE: &str = "Assistant";
/// What a lead is before anybody has looked at it.
const STATUS: &str = "new";
/// The member that differs between two records of the same lead.
const TIMESTAMP: &str = "timestamp";

/// What an agent learnt about a caller. White space around a value is dropped, and the address
/// becomes lower case.
///
/// ```
/// use callspool::producer::NewLead;
///
/// let lead = NewLead {
///     name: "Test Person".to_owned(),
///     email: "T@Example.com".to_owned(),
///     company: "Example Co".to_owned(),
///     interest: "a demo".to_owned(),
///     ..NewLead::default()
/// };
/// assert!(lead.check().is_ok());
/// let error = NewLead { email: "nobody".to_owned(), ..lead }.check().unwrap_err();
/// assert_eq!(error.to_string(), "email is not an e-mail address");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        deny_unknown_fields,
        description = "What an agent learnt about a caller. White space around a value is dropped."
    )
)]
pub struct NewLead {
    /// The caller's name.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"\S")))]
    pub name: String,
    /// The caller's e-mail address.
    #[cfg_attr(
        feature = "schema",
        schemars(regex(
            pattern = r"^\s*[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f.]+(\.+[^@\s\x00-\x1f\x7f.]+)+\s*$"
        ))
    )]
    pub email: String,
    /// Where the caller works.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"\S")))]
    pub company: String,
    /// What the caller is interested in.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"\S")))]
    pub interest: String,
    /// A telephone number; empty when not known, as are those below.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub phone: String,
    /// The caller's position.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub job_title: String,
    /// What may be spent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub budget: String,
    /// By when.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub timeline: String,
}

/// The fields of a lead, in the order of its file. The first four are required.
pub(super) const FIELDS: [&str; 8] = [
    "name",
    "email",
    "company",
    "interest",
    "phone",
    "job_title",
    "budget",
    "timeline",
];
const REQUIRED: usize = 4;

impl NewLead {
    /// Checks what is required, as [`super::SessionManager::create_lead`] does before it writes.
    ///
    /// # Errors
    /// When name, email, company or interest is empty, or the address is none.
    pub fn check(&self) -> Result<(), Problems> {
        let mut problems = Vec::new();
        self.find_problems("", &mut problems);
        Problems::of(problems)
    }

    /// What is wrong with it; `prefix` stands before the fields' names.
    pub(super) fn find_problems(&self, prefix: &str, problems: &mut Vec<Problem>) {
        let values = self.values();
        for (name, value) in FIELDS.iter().zip(values).take(REQUIRED) {
            let fault = match value.trim() {
                "" => Fault::Blank,
                value if *name == "email" && !is_email(value) => Fault::NotAnEmail,
                _ => continue,
            };
            problems.push(Problem::new(format!("{prefix}{name}"), fault));
        }
    }

    fn values(&self) -> [&str; 8] {
        [
            &self.name,
            &self.email,
            &self.company,
            &self.interest,
            &self.phone,
            &self.job_title,
            &self.budget,
            &self.timeline,
        ]
    }

    /// Sets a field by its name.
    pub(super) fn set(&mut self, name: &str, value: String) {
        let field = match name {
            "name" => &mut self.name,
            "email" => &mut self.email,
            "company" => &mut self.company,
            "interest" => &mut self.interest,
            "phone" => &mut self.phone,
            "job_title" => &mut self.job_title,
            "budget" => &mut self.budget,
            "timeline" => &mut self.timeline,
            _ => return,
        };
        *field = value;
    }

    /// The lead's file.
    pub(super) fn to_object(
        &self,
        campaign: &RawValue,
        now: DateTime<Utc>,
    ) -> serde_json::Result<RawObject> {
        let mut object = RawObject::default();
        object.set(TIMESTAMP, &timestamp::format_millis(now))?;
        object.set("source", SOURCE)?;
        object.set("status", STATUS)?;
        for (name, value) in FIELDS.iter().zip(self.values()) {
            let value = value.trim();
            if *name == "email" {
                object.set(name, &value.to_lowercase())?;
            } else {
                object.set(name, value)?;
            }
        }
        object.set_raw("campaign_metadata", campaign.to_owned())?;
        Ok(object)
    }
}

/// Whether a file holds a lead that was only recorded at another time.
pub(super) fn is_same_lead(file: &[u8], lead: &RawObject) -> Result<bool, JsonError> {
    let there = RawObject::from_slice(file)?;
    let members = |object: &RawObject| -> Vec<(String, String)> {
        object
            .iter()
            .filter(|(name, _)| *name != TIMESTAMP)
            .map(|(name, value)| (name.to_owned(), value.get().to_owned()))
            .collect()
    };
    Ok(members(&there) == members(lead))
}

/// Whether a text is plausible as an address. Only a mail to it could tell more.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let inside = domain.trim_matches('.');
    !local.is_empty()
        && inside.contains('.')
        && inside == domain
        && !domain.contains('@')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Shows nothing: a lead is about a person.
impl fmt::Debug for NewLead {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NewLead").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead() -> NewLead {
        NewLead {
            name: " Test Person ".into(),
            email: " T@Example.COM\n".into(),
            company: "Example Co".into(),
            interest: "Demo".into(),
            ..NewLead::default()
        }
    }

    fn object(lead: &NewLead, at: i64) -> RawObject {
        let campaign = RawValue::from_string(r#"{ "campaignId":"c" }"#.to_owned()).unwrap();
        let now = DateTime::from_timestamp(at, 0).unwrap();
        lead.to_object(&campaign, now).unwrap()
    }

    #[test]
    fn the_file_has_the_customers_shape() {
        lead().check().unwrap();
        assert_eq!(
            object(&lead(), 0).to_pretty(0),
            r#"{
  "timestamp": "1970-01-01T00:00:00.000Z",
  "source": "Assistant",
  "status": "new",
  "name": "Test Person",
  "email": "t@example.com",
  "company": "Example Co",
  "interest": "Demo",
  "phone": "",
  "job_title": "",
  "budget": "",
  "timeline": "",
  "campaign_metadata": { "campaignId":"c" }
}"#
        );
    }

    #[test]
    fn every_problem_is_told_without_a_value() {
        let blank = NewLead {
            name: "  ".into(),
            email: "secret".into(),
            interest: "\t".into(),
            ..NewLead::default()
        };
        assert_eq!(
            blank.check().unwrap_err().to_string(),
            "name is empty; email is not an e-mail address; company is empty; interest is empty"
        );
    }

    #[test]
    fn an_address_has_one_at_and_a_dot_inside_its_domain() {
        for text in ["a@b.c", "A.b+c@mail.example.com", "ä@ü.example"] {
            assert!(is_email(text), "{text}");
        }
        for text in [
            "",
            "a",
            "@b.c",
            "a@",
            "a@b",
            "a@.b",
            "a@b.",
            "a@b@c.d",
            "a b@c.d",
            "a@b\u{0}.c",
            "a@b .c",
            "a@.",
            "a@..",
            "a@.b.c",
        ] {
            assert!(!is_email(text), "{text}");
        }
    }

    #[test]
    fn the_time_alone_makes_no_other_lead() {
        let file = object(&lead(), 0).to_pretty(0).into_bytes();
        assert!(is_same_lead(&file, &object(&lead(), 7)).unwrap());
        let mut other = lead();
        other.phone = "+15550100123".into();
        assert!(!is_same_lead(&file, &object(&other, 0)).unwrap());
        assert!(is_same_lead(b"[]", &object(&lead(), 0)).is_err());
    }
}
