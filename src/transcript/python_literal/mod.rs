//! Python values as CPython's `repr` prints them.
//!
//! Owns the grammar of what `repr` puts out for built-in values, for classes whose `repr` looks
//! like a constructor call, and for opaque objects (`<Frame object at 0x7f…>`). It is no Python
//! interpreter: nothing is evaluated, names stand for themselves. Text in, plain data out; the
//! time taken grows with the length of the text, and nesting is limited, so hostile text costs
//! neither the stack nor the afternoon.

mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod text;

pub use parser::{MAX_DEPTH, parse};

pub(super) use lexer::Cursor;
pub(super) use parser::{arguments, value};

/// A Python value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A number as it stands, such as `1e-05`, `-3`, `nan` or `2+1j`.
    Number(&'a str),
    /// A string, its escapes resolved. A lone surrogate is U+FFFD.
    String(String),
    /// A bytes literal; its content is not kept.
    Bytes,
    /// A list.
    List(Vec<Self>),
    /// A tuple.
    Tuple(Vec<Self>),
    /// A set that is not empty (`repr` prints the empty one as a call).
    Set(Vec<Self>),
    /// A dict, in its order.
    Dict(Vec<(Self, Self)>),
    /// A name, dotted or not, or `...`.
    Name(&'a str),
    /// A call such as `Decimal('1.5')` or `ChatMessage(role='user')`.
    Call(Box<Call<'a>>),
    /// An object without a `repr` of its own, as it stands: `<…>`.
    Opaque(&'a str),
}

/// A call. Kept apart, because values are many and most of them are none.
#[derive(Debug, Clone, PartialEq)]
pub struct Call<'a> {
    /// The callee's name, dotted or not.
    pub name: &'a str,
    /// What stands in the parentheses.
    pub arguments: Vec<Argument<'a>>,
}

/// One argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Argument<'a> {
    /// The keyword, when there is one.
    pub keyword: Option<&'a str>,
    /// The value.
    pub value: Value<'a>,
}

/// Where a text stops being a Python value. Holds nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a python value: expected {expected} at byte {offset}")]
pub struct LiteralError {
    /// Bytes before the place.
    pub offset: usize,
    /// What should have been there.
    pub expected: &'static str,
}
