//! The items of a conversation, each kept byte for byte.

use serde::Serialize;
use serde_json::value::RawValue;

use super::error::ProducerError;
use super::problem::{Fault, Problem, Problems};
use crate::json;
use crate::transcript::{self, Transcript};

/// What stands between two items.
const ITEM_FRAME: &str = ",\n    ";

/// What was said and done in a call, in order: JSON objects of whatever shape the agent's SDK
/// gives them. Each is kept byte for byte, one that cannot be read too.
///
/// ```
/// use callspool::producer::Items;
///
/// let mut items = Items::new();
/// items.push_json(r#"{"role": "user", "content": "Hello?", "created_at": 1761732980.6}"#)?;
/// assert_eq!(items.len(), 1);
/// let history = Items::parse(r#"[{"type": "message", "role": "user", "content": ["Hello?"]}]"#)?;
/// assert_eq!(history.len(), 1);
/// # Ok::<(), callspool::producer::ProducerError>(())
/// ```
#[derive(Clone, Default)]
pub struct Items {
    list: Vec<Box<RawValue>>,
}

impl Items {
    /// No items yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a JSON array of objects.
    ///
    /// # Errors
    /// When the text is no JSON array, or an element of it no object.
    pub fn parse(text: &str) -> Result<Self, ProducerError> {
        let Ok(list) = serde_json::from_str::<&RawValue>(text) else {
            return Err(Problems::from(Problem::new("items", Fault::NotAList)).into());
        };
        let mut problems = Vec::new();
        let items = Self::read("items", list, &mut problems);
        Problems::of(problems)?;
        Ok(items)
    }

    /// Reads the list of that name; what is wrong with it goes to `problems`.
    pub(super) fn read(name: &str, list: &RawValue, problems: &mut Vec<Problem>) -> Self {
        let mut items = Self::new();
        let mut index = 0_usize;
        let read = json::for_each(list, |item| {
            if is_object(item) {
                items.list.push(item.to_owned());
            } else {
                let field = format!("{name}[{index}]");
                problems.push(Problem::new(field, Fault::NotAnObject));
            }
            index += 1;
        });
        if read.is_none() {
            problems.push(Problem::new(name, Fault::NotAList));
        }
        items
    }

    /// Adds an item that is there as JSON text.
    ///
    /// # Errors
    /// When the text is no JSON object.
    pub fn push_json(&mut self, text: &str) -> Result<(), ProducerError> {
        let item = RawValue::from_string(text.to_owned()).ok();
        let Some(item) = item.filter(|item| is_object(item)) else {
            let field = format!("items[{}]", self.len());
            return Err(Problems::from(Problem::new(field, Fault::NotAnObject)).into());
        };
        self.list.push(item);
        Ok(())
    }

    /// Adds an item that becomes a JSON object.
    ///
    /// # Errors
    /// When it does not.
    pub fn push<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), ProducerError> {
        self.push_json(&serde_json::to_string(item)?)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How long the list is as JSON.
    pub(super) fn len_bytes(&self) -> usize {
        let items = self.list.iter();
        items.map(|item| item.get().len() + ITEM_FRAME.len()).sum()
    }

    /// The list as JSON, an item on a line of its own.
    pub(super) fn to_raw(&self) -> serde_json::Result<Box<RawValue>> {
        if self.is_empty() {
            return RawValue::from_string("[]".to_owned());
        }
        let lines: Vec<&str> = self.list.iter().map(|item| item.get()).collect();
        RawValue::from_string(format!("[\n    {}\n  ]", lines.join(ITEM_FRAME)))
    }

    /// What a run will make of the list.
    pub(super) fn survey(list: &RawValue) -> Transcript {
        transcript::read_items(list).unwrap_or_default()
    }
}

/// Whether a text that is JSON is an object; of what members is nobody's business here.
fn is_object(item: &RawValue) -> bool {
    item.get().starts_with('{')
}

/// Shows the number only: what was said belongs in no log.
impl std::fmt::Debug for Items {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Items({})", self.len())
    }
}
