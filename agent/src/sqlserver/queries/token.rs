//! Page tokens: the place of a page's last row, to go on behind it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::PrimitiveDateTime;

use super::given::typed;
use crate::sqlserver::reply::Cell;
use crate::sqlserver::values::{ParameterType, SqlValue};

/// Where a page ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// The source, by its number.
    pub(super) source: usize,
    /// The last row's key there.
    pub(super) key: Vec<KeyValue>,
}

/// A value of a key, exactly as the server gave it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum KeyValue {
    #[serde(rename = "t")]
    Text(String),
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "n")]
    Numeric(Decimal),
    #[serde(rename = "d")]
    Moment(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Token {
    /// What was asked: a token fits no other question.
    #[serde(rename = "q")]
    question: String,
    #[serde(rename = "s")]
    source: usize,
    #[serde(rename = "k")]
    key: Vec<KeyValue>,
}

/// The token of a place in the answer to a question.
pub(super) fn write(question: &str, place: &Place) -> Result<String, serde_json::Error> {
    let token = Token {
        question: question.to_owned(),
        source: place.source,
        key: place.key.clone(),
    };
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token)?))
}

/// The place a token names, if it is one of this question.
pub(super) fn read(question: &str, token: &str) -> Result<Place, &'static str> {
    const NONE: &str = "it is not one that the agent gave";
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| NONE)?;
    let token: Token = serde_json::from_slice(&bytes).map_err(|_| NONE)?;
    if token.question != question {
        return Err("it belongs to another query or to other parameters");
    }
    Ok(Place {
        source: token.source,
        key: token.key,
    })
}

impl KeyValue {
    /// `None` for a value that cannot order rows.
    pub(super) fn of(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Some(Self::Text(text.trim_end_matches(' ').to_owned())),
            Cell::Int(number) => Some(Self::Int(*number)),
            Cell::Numeric(number) => Some(Self::Numeric(*number)),
            Cell::DateTime(moment) => Some(Self::Moment(written(*moment))),
            Cell::Null | Cell::Other => None,
        }
    }

    /// The value as the server is given it again; `None` when it is not what a key of the type is.
    pub(super) fn bound(&self, kind: &ParameterType) -> Option<SqlValue> {
        let text = match self {
            Self::Text(text) | Self::Moment(text) => text.clone(),
            Self::Int(number) => number.to_string(),
            Self::Numeric(number) => number.to_string(),
        };
        typed(kind, &text).ok()
    }
}

fn written(moment: PrimitiveDateTime) -> String {
    let (date, time) = (moment.date(), moment.time());
    let (hour, minute, second, milli) = time.as_hms_milli();
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place_and_to_no_other_question() {
        let place = Place {
            source: 1,
            key: vec![
                KeyValue::Text("128 SDRAM".to_owned()),
                KeyValue::Int(-3),
                KeyValue::Numeric(Decimal::new(1_250_000, 5)),
                KeyValue::Moment("2025-03-04T15:18:22.733".to_owned()),
            ],
        };
        let token = write("items", &place).expect("written");
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        assert!(token.chars().all(plain), "{token}");
        assert_eq!(read("items", &token), Ok(place));
        assert!(read("customers", &token).is_err_and(|problem| problem.contains("other")));
        for wrong in ["500", "", "e30", "....", &token[1..]] {
            assert!(read("items", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moment_comes_back_to_the_tick() {
        let kind = ParameterType::DateTime;
        let SqlValue::DateTime(given) = typed(&kind, "2025-03-04T15:18:22.733").expect("is") else {
            panic!("a moment");
        };
        let key = KeyValue::of(&Cell::DateTime(given)).expect("a key");
        assert_eq!(key.bound(&kind), Some(SqlValue::DateTime(given)));
        assert_eq!(KeyValue::of(&Cell::Null), None);
    }
}
