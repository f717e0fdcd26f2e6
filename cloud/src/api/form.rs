//! Reads a request's JSON body field by field and reports everything wrong with it at once.

use std::collections::BTreeSet;

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::error::{Error, ErrorKind, FieldError};

/// A JSON object being read; an empty body is an empty object.
#[derive(Debug)]
pub(crate) struct Form {
    prefix: String,
    fields: Map<String, Value>,
    asked: BTreeSet<&'static str>,
    wrong: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self, Error> {
        let bytes = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|_| {
                Error::new(
                    ErrorKind::TooLarge,
                    "body_too_large",
                    "the body is over the size limit",
                )
            })?;
        Self::read(&bytes)
    }
}

impl Form {
    fn read(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::new(String::new(), Map::new()));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self::new(String::new(), fields)),
            Ok(_) => Err(Error::invalid(
                "body_not_an_object",
                "the body must be a JSON object",
            )),
            Err(error) => Err(Error::invalid(
                "body_not_json",
                format!(
                    "the body is not JSON: line {}, column {}",
                    error.line(),
                    error.column()
                ),
            )),
        }
    }

    fn new(prefix: String, fields: Map<String, Value>) -> Self {
        Self {
            prefix,
            fields,
            asked: BTreeSet::new(),
            wrong: Vec::new(),
        }
    }

    /// Required text of 1 to `max` characters.
    pub(crate) fn text(&mut self, field: &'static str, max: usize) -> String {
        let Some(text) = self.optional_text(field, max) else {
            self.missing(field);
            return String::new();
        };
        text
    }

    /// Text of 1 to `max` characters, or none.
    pub(crate) fn optional_text(&mut self, field: &'static str, max: usize) -> Option<String> {
        let Value::String(text) = self.take(field)? else {
            return self.fail(field, "must be text");
        };
        let text = text.trim().to_owned();
        if text.is_empty() || text.chars().count() > max || text.contains(char::is_control) {
            return self.fail(field, &format!("must have 1 to {max} printable characters"));
        }
        Some(text)
    }

    /// Required id.
    pub(crate) fn id(&mut self, field: &'static str) -> Uuid {
        let found = self.optional_id(field);
        if found.is_none() {
            self.missing(field);
        }
        found.unwrap_or_default()
    }

    /// An id, or none.
    pub(crate) fn optional_id(&mut self, field: &'static str) -> Option<Uuid> {
        let given = self.take(field)?;
        let id = given.as_str().and_then(|text| Uuid::try_parse(text).ok());
        if id.is_none() {
            return self.fail(field, "must be an id (UUID)");
        }
        id
    }

    /// A whole number of at least 0, or none.
    pub(crate) fn optional_count(&mut self, field: &'static str) -> Option<i64> {
        let found = self.take(field)?.as_i64().filter(|number| *number >= 0);
        if found.is_none() {
            return self.fail(field, "must be a whole number, 0 or more");
        }
        found
    }

    /// Yes or no, or none.
    pub(crate) fn optional_flag(&mut self, field: &'static str) -> Option<bool> {
        let found = self.take(field)?.as_bool();
        if found.is_none() {
            return self.fail(field, "must be true or false");
        }
        found
    }

    /// One of a list, or none.
    pub(crate) fn optional_choice<T: Copy>(
        &mut self,
        field: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        let value = self.take(field)?;
        let found = choices
            .iter()
            .find(|(name, _)| value.as_str() == Some(name));
        if let Some((_, choice)) = found {
            return Some(*choice);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        self.fail(field, &format!("must be one of {}", names.join(", ")))
    }

    /// Required, one of a list; the first stands in when it is missing, which is an error.
    pub(crate) fn choice<T: Copy>(&mut self, field: &'static str, choices: &[(&str, T); 2]) -> T {
        let found = self.optional_choice(field, choices);
        if found.is_none() {
            self.missing(field);
        }
        found.unwrap_or(choices[0].1)
    }

    /// Any JSON; required.
    pub(crate) fn value(&mut self, field: &'static str) -> Value {
        let Some(value) = self.take(field) else {
            self.missing(field);
            return Value::Null;
        };
        value
    }

    /// Any JSON, or none.
    pub(crate) fn optional_value(&mut self, field: &'static str) -> Option<Value> {
        self.take(field).filter(|value| !value.is_null())
    }

    /// A list of ids, or none.
    pub(crate) fn optional_ids(&mut self, field: &'static str, most: usize) -> Option<Vec<Uuid>> {
        let Value::Array(list) = self.take(field)? else {
            return self.fail(field, "must be a list of ids");
        };
        let ids: Option<Vec<Uuid>> = list
            .iter()
            .map(|id| id.as_str().and_then(|id| Uuid::try_parse(id).ok()))
            .collect();
        match ids {
            Some(ids) if ids.len() <= most => Some(ids),
            Some(_) => self.fail(field, &format!("must not have more than {most} ids")),
            None => self.fail(field, "must be a list of ids"),
        }
    }

    /// An object inside, or none; give it back with [`Form::close`].
    pub(crate) fn optional_object(&mut self, field: &'static str) -> Option<Form> {
        let Value::Object(fields) = self.take(field)? else {
            return self.fail(field, "must be an object");
        };
        Some(Self::new(format!("{}{field}.", self.prefix), fields))
    }

    /// Takes over what was wrong inside.
    pub(crate) fn close(&mut self, inner: Form) {
        self.wrong.extend(inner.into_wrong());
    }

    /// Notes something wrong that only the caller can know.
    pub(crate) fn refuse(&mut self, field: &str, message: &str) {
        let known = self
            .wrong
            .iter()
            .any(|wrong| wrong.field == format!("{}{field}", self.prefix));
        if !known {
            self.note(field, message);
        }
    }

    /// Notes what was found wrong elsewhere, under full names.
    pub(crate) fn refuse_all(&mut self, wrong: Vec<FieldError>) {
        self.wrong.extend(wrong);
    }

    /// Notes that a required field is missing, unless something else is wrong with it.
    pub(crate) fn missing(&mut self, field: &str) {
        self.refuse(field, "is required");
    }

    /// Ends reading: everything wrong, and every field nobody asked for, becomes one error.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let wrong = self.into_wrong();
        if wrong.is_empty() {
            return Ok(());
        }
        let mut error = Error::invalid("invalid_fields", "some fields are not valid");
        error.fields = wrong;
        Err(error)
    }

    fn into_wrong(mut self) -> Vec<FieldError> {
        let unknown: Vec<String> = self.fields.keys().cloned().collect();
        for field in unknown {
            let known: Vec<&str> = self.asked.iter().copied().collect();
            self.note(
                &field,
                &format!("is not known here; known are {}", known.join(", ")),
            );
        }
        self.wrong
    }

    /// A field given as null counts as not given.
    fn take(&mut self, field: &'static str) -> Option<Value> {
        self.asked.insert(field);
        self.fields
            .shift_remove(field)
            .filter(|value| !value.is_null())
    }

    fn fail<T>(&mut self, field: &str, message: &str) -> Option<T> {
        self.note(field, message);
        None
    }

    fn note(&mut self, field: &str, message: &str) {
        self.wrong.push(FieldError {
            field: format!("{}{field}", self.prefix),
            message: message.to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_is_told_at_once() {
        let body = br#"{"name":"","environment_id":"x","extra":1,"credentials":{"username":5}}"#;
        let mut form = Form::read(body).expect("an object");
        form.text("name", 10);
        form.id("environment_id");
        form.text("base_url", 10);
        let mut inner = form.optional_object("credentials").expect("an object");
        inner.text("username", 10);
        inner.text("password", 10);
        form.close(inner);
        let error = form.finish().expect_err("wrong");
        let fields: Vec<&str> = error
            .fields
            .iter()
            .map(|field| field.field.as_str())
            .collect();
        assert_eq!(
            fields,
            [
                "name",
                "environment_id",
                "base_url",
                "credentials.username",
                "credentials.password",
                "extra"
            ]
        );
    }

    #[test]
    fn an_empty_body_is_an_empty_object_and_a_list_is_none() {
        Form::read(b" ")
            .expect("empty")
            .finish()
            .expect("nothing asked");
        assert!(Form::read(b"[]").is_err());
        assert!(Form::read(b"{").is_err());
    }
}
