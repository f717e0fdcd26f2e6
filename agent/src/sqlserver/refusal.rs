//! What a command that wrote nothing reports: the class, GP's codes with their words, the repair.

use std::collections::{BTreeMap, HashMap};

use connect_proto::econnect::{self, Node, Value};
use connect_proto::tunnel::v1::{ErrorClass, Failure, GpError};

use super::connection::SqlConnection;
use super::error::SqlError;
use super::numbers::Counter;
use super::reply::{Called, Cell};
use super::statements;
use super::values::SqlValue;

const MOST_CODES: usize = 20;
/// The code of a document whose locks outlived every attempt.
pub(super) const LOCKED: &str = "locked";
/// "Document number already exists": GP's header and line procedures give it.
const NUMBER_EXISTS: i32 = 2221;
const OUT_STATE: &str = "@O_iErrorState";
const OUT_TEXT: &str = "@oErrString";

/// A node GP refused: where it is and what it answered.
#[derive(Debug)]
pub(super) struct Refused<'a> {
    pub(super) node: &'a Node,
    pub(super) path: &'a str,
    pub(super) procedure: &'a str,
    pub(super) verdict: Verdict,
}

/// What a procedure answered, read by eConnect's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    /// Codes to look up in `taErrorCode`.
    Codes(Vec<i32>),
    /// A partner's own words beside the state.
    Words {
        state: i32,
        text: String,
    },
    /// The procedure raised an error of SQL Server.
    Raised {
        number: i32,
        procedure: String,
        message: String,
    },
}

impl Verdict {
    /// Reads a call's outcome; a state, a text or a return code other than nothing is a refusal.
    pub(super) fn of(called: &Called) -> Self {
        if let Some(SqlError::Server {
            number,
            procedure,
            message,
            ..
        }) = &called.raised
        {
            let (procedure, message) = (procedure.clone(), message.clone());
            return Self::Raised {
                number: *number,
                procedure,
                message,
            };
        }
        let state = called
            .output(OUT_STATE)
            .and_then(Cell::int)
            .unwrap_or_default();
        let state = i32::try_from(state).unwrap_or(i32::MAX);
        let text = called
            .output(OUT_TEXT)
            .and_then(Cell::text)
            .unwrap_or_default()
            .trim();
        let state = if state == 0 {
            called.return_code
        } else {
            state
        };
        match (state, text) {
            (0, "") => Self::Accepted,
            (state, "") => Self::Codes(vec![state]),
            (state, text) => Self::listed(state, text),
        }
    }

    fn listed(state: i32, text: &str) -> Self {
        let codes: Result<Vec<i32>, _> = text.split_ascii_whitespace().map(str::parse).collect();
        match codes {
            Ok(mut codes) => {
                codes.dedup();
                Self::Codes(codes)
            }
            Err(_) => Self::Words {
                state,
                text: text.to_owned(),
            },
        }
    }

    /// A call that did not give what it should is refused even when it said nothing.
    pub(super) fn or_code(self, code: i32) -> Self {
        if self == Self::Accepted {
            Self::Codes(vec![code])
        } else {
            self
        }
    }

    /// The procedure left the transaction count changed (266, 3902, 3903) or a transaction that
    /// cannot be committed (3930, 3998), and nothing else to say.
    pub(super) fn is_mismatch(&self) -> bool {
        match self {
            Self::Raised { number, .. } => matches!(number, 266 | 3902 | 3903 | 3930 | 3998),
            Self::Accepted | Self::Codes(_) | Self::Words { .. } => false,
        }
    }

    /// The document's number belongs to another document.
    pub(super) fn is_number_taken(&self) -> bool {
        match self {
            Self::Codes(codes) => codes.contains(&NUMBER_EXISTS),
            Self::Accepted | Self::Words { .. } | Self::Raised { .. } => false,
        }
    }

    /// Another session was in the way; trying again may help.
    pub(super) fn is_lock(&self) -> bool {
        match self {
            Self::Codes(codes) => codes.iter().any(|code| matches!(code, 2022 | 2079)),
            Self::Raised { number, .. } => matches!(number, 1205 | 1222),
            Self::Accepted | Self::Words { .. } => false,
        }
    }
}

/// Reports a refused node, with the words of `taErrorCode` where they can be read.
pub(super) async fn report(
    refused: &Refused<'_>,
    connection: Option<&mut SqlConnection>,
) -> Failure {
    let words = match (&refused.verdict, connection) {
        (Verdict::Codes(codes), Some(connection)) => words(codes, connection).await,
        _ => HashMap::new(),
    };
    let errors = errors(refused, &words);
    let class = class(refused, &errors);
    let code = match class {
        ErrorClass::Busy => LOCKED,
        ErrorClass::Unavailable => "gp_unavailable",
        ErrorClass::Authentication => "not_permitted",
        ErrorClass::Duplicate => "gp_duplicate",
        ErrorClass::InvalidData
        | ErrorClass::BusinessRule
        | ErrorClass::Unspecified
        | ErrorClass::Unsupported
        | ErrorClass::Parked
        | ErrorClass::InDoubt
        | ErrorClass::Bug
        | ErrorClass::RateLimited => "gp_refused",
    };
    let first = errors
        .first()
        .map(|error| format!("{}: {}", error.code, error.text));
    let message = format!(
        "{} refused: {}",
        refused.procedure,
        first.unwrap_or_default()
    );
    Failure {
        class: class.into(),
        code: code.to_owned(),
        message,
        errors,
        retry_after_ms: 0,
    }
}

/// For codes that neither the catalogue nor Microsoft's public pages explain.
const UNLISTED: &str = "Correct what GP's words name, in the order, in the profile or in GP, and \
                        replay. A code without words comes from a procedure added on this site.";

#[derive(Debug, Default)]
struct Words {
    procedure: String,
    text: String,
    key_fields: String,
    parameters: String,
}

/// The texts are GP's own; without the right to read them the catalogue's meaning stands in.
async fn words(codes: &[i32], connection: &mut SqlConnection) -> HashMap<i32, Words> {
    let mut found = HashMap::new();
    for code in codes.iter().take(MOST_CODES) {
        let parameters = vec![SqlValue::Int(*code)];
        match connection
            .query_one(&statements::ERROR_CODE, parameters)
            .await
        {
            Ok(Some(row)) => {
                let text = |at: usize| {
                    row.get(at)
                        .and_then(Cell::text)
                        .unwrap_or_default()
                        .trim()
                        .to_owned()
                };
                let words = Words {
                    procedure: text(0),
                    text: text(1),
                    key_fields: text(2),
                    parameters: text(3),
                };
                found.insert(*code, words);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!("The texts of GP's error codes cannot be read: {error}");
                break;
            }
        }
    }
    found
}

fn errors(refused: &Refused<'_>, words: &HashMap<i32, Words>) -> Vec<GpError> {
    match &refused.verdict {
        Verdict::Accepted => Vec::new(),
        Verdict::Codes(codes) => codes
            .iter()
            .map(|code| coded(refused, *code, words.get(code)))
            .collect(),
        Verdict::Words { state, text } => vec![GpError {
            code: *state,
            text: text.clone(),
            ..located(refused, "")
        }],
        Verdict::Raised {
            number,
            procedure,
            message,
        } => {
            let info = u32::try_from(*number).ok().and_then(econnect::explain_sql);
            let mut error = located(refused, "");
            error.code = *number;
            error.text.clone_from(message);
            if !procedure.is_empty() {
                error.procedure.clone_from(procedure);
            }
            error.repair = info.map_or_else(String::new, |info| info.repair.to_owned());
            error.retryable = info.is_some_and(|info| info.class.retryable());
            vec![error]
        }
    }
}

fn coded(refused: &Refused<'_>, code: i32, words: Option<&Words>) -> GpError {
    let source = words.map_or(refused.procedure, |w| w.procedure.as_str());
    let info =
        econnect::explain(refused.procedure, code).or_else(|| econnect::explain(source, code));
    let keys = words.map_or("", |w| w.key_fields.as_str());
    let mut error = located(refused, keys);
    error.code = code;
    error.text = match (words, info) {
        (Some(words), _) if !words.text.is_empty() => words.text.clone(),
        (_, Some(info)) => info.meaning.to_owned(),
        (_, None) => format!("GP's error code {code}; its text is in taErrorCode"),
    };
    if !source.is_empty() {
        source.clone_into(&mut error.procedure);
    }
    let named = words.into_iter().flat_map(|words| names(&words.parameters));
    let listed = info.and_then(|info| info.element);
    let at_fault = named
        .map(str::to_owned)
        .find(|name| refused.node.get(name).is_some());
    error.element = at_fault
        .or_else(|| listed.map(str::to_owned))
        .unwrap_or_default();
    error.value = shown(refused.node, &error.element);
    if let Some(info) = info {
        info.repair.clone_into(&mut error.repair);
        error.retryable = info.class.retryable();
    }
    if let Some(counter) = Counter::of_procedure(refused.procedure) {
        no_number(refused, counter, &mut error);
    }
    if error.repair.is_empty() {
        UNLISTED.clone_into(&mut error.repair);
    }
    error
}

/// GP's number procedures give a code without words: what they were asked for says more.
fn no_number(refused: &Refused<'_>, counter: Counter, error: &mut GpError) {
    let code = error.code;
    let (wanted, repair) = match counter {
        Counter::Sop => {
            "DOCID".clone_into(&mut error.element);
            error.value = shown(refused.node, "DOCID");
            (
                format!("document id {}", error.value),
                "Check in Sales Order Processing Setup that this document id exists for this type \
                 of document and has a next number, or name another one in the profile; then replay.",
            )
        }
        Counter::Journal => (
            "the journal entry".to_owned(),
            "Check the next journal entry in General Ledger Setup, then replay.",
        ),
        Counter::Voucher => (
            "the voucher or payment".to_owned(),
            "Check the next voucher and payment numbers in Payables Setup, then replay.",
        ),
        Counter::Receivable => (
            "this type of receivables document".to_owned(),
            "Check the next number of this document type in Receivables Setup, then replay.",
        ),
        Counter::Inventory => (
            "this type of inventory document".to_owned(),
            "Check the next number of this document type in Inventory Control Setup, then replay.",
        ),
    };
    error.text = format!("GP gave no number for {wanted} (code {code})");
    repair.clone_into(&mut error.repair);
}

fn located(refused: &Refused<'_>, key_fields: &str) -> GpError {
    let mut keys: Vec<&str> = names(key_fields).collect();
    if keys.is_empty() {
        keys = vec![
            "SOPTYPE", "SOPNUMBE", "CUSTNMBR", "ITEMNMBR", "LNITMSEQ", "ADRSCODE",
        ];
    }
    let present = keys
        .into_iter()
        .filter(|key| refused.node.get(key).is_some());
    let key_fields: BTreeMap<String, String> = present
        .map(|key| (key.to_owned(), shown(refused.node, key)))
        .collect();
    GpError {
        procedure: refused.procedure.to_owned(),
        node: refused.path.to_owned(),
        key_fields: key_fields.into_iter().collect(),
        ..GpError::default()
    }
}

/// Names in a list of `taErrorCode`, with or without the prefix of parameters.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|name| !name.is_empty())
        .map(|name| name.strip_prefix("I_v").unwrap_or(name))
}

fn shown(node: &Node, element: &str) -> String {
    match node.get(element) {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Empty | Value::Nil) | None => String::new(),
    }
}

/// The first code decides; one that is not listed is a business rule of GP.
fn class(refused: &Refused<'_>, errors: &[GpError]) -> ErrorClass {
    if refused.verdict.is_lock() {
        return ErrorClass::Busy;
    }
    let info = match &refused.verdict {
        Verdict::Raised { number, .. } => {
            u32::try_from(*number).ok().and_then(econnect::explain_sql)
        }
        Verdict::Accepted | Verdict::Codes(_) | Verdict::Words { .. } => {
            errors.first().and_then(|error| {
                econnect::explain(refused.procedure, error.code)
                    .or_else(|| econnect::explain(&error.procedure, error.code))
            })
        }
    };
    let Some(info) = info else {
        return ErrorClass::BusinessRule;
    };
    match info.class {
        // Busy is kept for sessions in the way of this document alone: it closes no gate.
        econnect::ErrorClass::Busy | econnect::ErrorClass::Unavailable => ErrorClass::Unavailable,
        econnect::ErrorClass::Authentication => ErrorClass::Authentication,
        econnect::ErrorClass::InvalidData => ErrorClass::InvalidData,
        econnect::ErrorClass::BusinessRule => ErrorClass::BusinessRule,
        econnect::ErrorClass::Duplicate => ErrorClass::Duplicate,
        econnect::ErrorClass::Bug => ErrorClass::Bug,
    }
}

/// A failure without codes of GP.
pub(super) fn failure(class: ErrorClass, code: &str, message: impl Into<String>) -> Failure {
    Failure {
        class: class.into(),
        code: code.to_owned(),
        message: message.into(),
        errors: Vec::new(),
        retry_after_ms: 0,
    }
}

/// A failed statement of the agent's own, or a connection that is not there.
pub fn of_sql_error(error: &SqlError) -> Failure {
    let (class, code) = match error {
        SqlError::Unreachable(_) => (ErrorClass::Unavailable, "company_unreachable"),
        SqlError::Tls(problem) => (ErrorClass::Unavailable, problem.code()),
        SqlError::LoginRefused(_) => (ErrorClass::Authentication, "login_refused"),
        SqlError::Broken(_) => (ErrorClass::Unavailable, "connection_lost"),
        SqlError::Unexpected(_) => (ErrorClass::Bug, "unexpected_answer"),
        SqlError::Server {
            number: 1205 | 1222,
            ..
        } => (ErrorClass::Busy, LOCKED),
        SqlError::Server {
            number: 229 | 230 | 916,
            ..
        } => (ErrorClass::Authentication, "not_permitted"),
        SqlError::Server { number: 208, .. } => (ErrorClass::Parked, "company_not_prepared"),
        SqlError::Server { .. } => (ErrorClass::Bug, "sql_error"),
    };
    failure(class, code, error.to_string())
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
