//! The grammar: which values nest in which.

use super::{Argument, Call, Cursor, LiteralError, Value};

/// How deep values may nest, the outermost one included.
pub const MAX_DEPTH: usize = 64;

/// Reads a text that is one Python value.
///
/// # Errors
/// When the text is anything else, holds more than one value, or nests deeper than [`MAX_DEPTH`].
pub fn parse(text: &str) -> Result<Value<'_>, LiteralError> {
    let mut cursor = Cursor::new(text);
    cursor.skip_space();
    let value = value(&mut cursor, MAX_DEPTH)?;
    cursor.skip_space();
    if cursor.at_end() {
        Ok(value)
    } else {
        Err(cursor.error("the end"))
    }
}

/// Reads the value that is next, in which at most `depth` levels may nest.
pub(in crate::transcript) fn value<'a>(
    cursor: &mut Cursor<'a>,
    depth: usize,
) -> Result<Value<'a>, LiteralError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(cursor.error("less nesting"));
    };
    if let Some(string) = cursor.string()? {
        return Ok(string);
    }
    if cursor.sees_number() {
        return cursor.number().map(Value::Number);
    }
    let start = cursor.offset();
    match cursor.peek() {
        Some('[') => list(cursor, depth),
        Some('(') => tuple(cursor, depth),
        Some('{') => braces(cursor, depth),
        Some('<') => cursor.opaque().map(|()| Value::Opaque(cursor.since(start))),
        _ if cursor.eat("...") => Ok(Value::Name(cursor.since(start))),
        _ => name_or_call(cursor, depth),
    }
}

/// Reads the arguments of a call, its opening parenthesis already read, and hands each to `each`.
pub(in crate::transcript) fn arguments<'a>(
    cursor: &mut Cursor<'a>,
    depth: usize,
    mut each: impl FnMut(Argument<'a>),
) -> Result<(), LiteralError> {
    elements(cursor, ")", |cursor| {
        let keyword = keyword(cursor);
        let value = value(cursor, depth)?;
        each(Argument { keyword, value });
        Ok(())
    })
    .map(|_| ())
}

/// Steps over `name=` when it is next.
fn keyword<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let start = cursor.offset();
    let name = cursor.identifier()?;
    cursor.skip_space();
    if cursor.eat("=") {
        cursor.skip_space();
        Some(name)
    } else {
        cursor.rewind(start);
        None
    }
}

/// Reads elements parted by commas up to `close`; says whether a comma stood before it.
fn elements<'a>(
    cursor: &mut Cursor<'a>,
    close: &'static str,
    mut element: impl FnMut(&mut Cursor<'a>) -> Result<(), LiteralError>,
) -> Result<bool, LiteralError> {
    let mut comma = false;
    loop {
        cursor.skip_space();
        if cursor.eat(close) {
            return Ok(comma);
        }
        element(cursor)?;
        cursor.skip_space();
        comma = cursor.eat(",");
        if !comma {
            return cursor.expect(close).map(|()| false);
        }
    }
}

fn list<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Result<Value<'a>, LiteralError> {
    cursor.expect("[")?;
    let mut values = Vec::new();
    elements(cursor, "]", |cursor| {
        values.push(value(cursor, depth)?);
        Ok(())
    })?;
    Ok(Value::List(values))
}

/// A tuple, or a value in parentheses.
fn tuple<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Result<Value<'a>, LiteralError> {
    cursor.expect("(")?;
    let mut values = Vec::new();
    let comma = elements(cursor, ")", |cursor| {
        values.push(value(cursor, depth)?);
        Ok(())
    })?;
    Ok(match values.pop() {
        Some(only) if values.is_empty() && !comma => only,
        Some(last) => {
            values.push(last);
            Value::Tuple(values)
        }
        None => Value::Tuple(values),
    })
}

/// A dict or a set. `{...}`, a dict inside itself, is a set of one name.
fn braces<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Result<Value<'a>, LiteralError> {
    cursor.expect("{")?;
    let mut entries = Vec::new();
    let mut values = Vec::new();
    elements(cursor, "}", |cursor| {
        let key = value(cursor, depth)?;
        cursor.skip_space();
        if values.is_empty() && cursor.eat(":") {
            cursor.skip_space();
            entries.push((key, value(cursor, depth)?));
        } else if entries.is_empty() {
            values.push(key);
        } else {
            return Err(cursor.error(":"));
        }
        Ok(())
    })?;
    Ok(if values.is_empty() {
        Value::Dict(entries)
    } else {
        Value::Set(values)
    })
}

fn name_or_call<'a>(cursor: &mut Cursor<'a>, depth: usize) -> Result<Value<'a>, LiteralError> {
    let name = cursor.dotted_name("a value")?;
    if cursor.eat("(") {
        let mut list = Vec::new();
        arguments(cursor, depth, |argument| list.push(argument))?;
        return Ok(Value::Call(Box::new(Call {
            name,
            arguments: list,
        })));
    }
    Ok(match name {
        "None" => Value::None,
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        "nan" | "inf" => Value::Number(name),
        _ => Value::Name(name),
    })
}
