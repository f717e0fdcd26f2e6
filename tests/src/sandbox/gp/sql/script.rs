//! A T-SQL batch as steps: flow and session statements are read here, queries by sqlparser.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use std::sync::Arc;
use std::time::Duration;

use std::borrow::Cow;

use sqlparser::ast::{Expr, Statement};
use sqlparser::dialect::MsSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::super::error::SqlError;
use super::super::value::SqlType;
use super::definition::{self, Definition};

/// One step of a batch.
#[derive(Debug)]
pub enum Step {
    /// A query or a change of rows.
    Statement(Box<Statement>),
    If {
        condition: Expr,
        then: Vec<Step>,
        otherwise: Vec<Step>,
    },
    Block(Vec<Step>),
    Try {
        body: Vec<Step>,
        handler: Vec<Step>,
    },
    Begin,
    Commit,
    Rollback(Option<String>),
    Save(String),
    Set(Setting),
    Assign {
        variable: String,
        value: Expr,
    },
    Declare {
        variable: String,
        kind: SqlType,
        value: Option<Expr>,
    },
    Execute {
        procedure: String,
        arguments: Vec<Argument>,
        status: Option<String>,
    },
    ExecuteText(Vec<Expr>),
    Print(Expr),
    Raise(Box<Raise>),
    Rethrow,
    Wait(Duration),
    Use(String),
    Define(Definition),
    Return(Option<Expr>),
}

/// RAISERROR and THROW.
#[derive(Debug)]
pub struct Raise {
    pub number: Option<Expr>,
    pub message: Expr,
    pub severity: Option<Expr>,
}

/// An argument of EXEC.
#[derive(Debug)]
pub struct Argument {
    /// Blank where it goes by its place.
    pub name: Arc<str>,
    pub value: Expr,
    /// The variable that takes the output.
    pub target: Option<String>,
}

/// A session setting the sandbox acts on; others are taken without effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    LockTimeout(i64),
    AbortOnError(bool),
    NoCount(bool),
    ImplicitTransactions(bool),
    NoExec(bool),
    Isolation(Isolation),
    Other,
}

/// Isolation levels the heap can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    Held,
}

type Parsed<T> = Result<T, SqlError>;

/// Reads a batch.
pub fn parse(text: &str) -> Parsed<Vec<Step>> {
    let dialect = MsSqlDialect {};
    let mut parser = Parser::new(&dialect)
        .try_with_sql(&changes_quoted(text))
        .map_err(|error| wrong(&error))?;
    let mut steps = Vec::new();
    loop {
        skip_separators(&mut parser);
        if parser.peek_token().token == Token::EOF {
            return Ok(steps);
        }
        steps.push(step(&mut parser)?);
    }
}

/// `CHANGETABLE(CHANGES table, version)` is no call as the parser knows calls: the table becomes
/// a text, `CHANGETABLE('table', version)`.
fn changes_quoted(text: &str) -> Cow<'_, str> {
    const BEGINS: &str = "CHANGETABLE(CHANGES ";
    let mut rest = text;
    let mut quoted = String::new();
    while let Some(at) = rest.find(BEGINS) {
        let (before, found) = rest.split_at(at);
        let Some((table, behind)) = found[BEGINS.len()..].split_once(',') else {
            break;
        };
        quoted.extend([before, "CHANGETABLE('", table.trim(), "',"]);
        rest = behind;
    }
    if quoted.is_empty() {
        return Cow::Borrowed(text);
    }
    quoted.push_str(rest);
    Cow::Owned(quoted)
}

fn wrong(error: &ParserError) -> SqlError {
    SqlError::severe(
        102,
        15,
        format!("Incorrect syntax (sandbox: not supported or wrong): {error}"),
    )
}

/// Turns sqlparser's error into the server's.
pub fn syntax<T>(result: Result<T, ParserError>) -> Parsed<T> {
    result.map_err(|error| wrong(&error))
}

fn skip_separators(parser: &mut Parser<'_>) {
    while parser.consume_token(&Token::SemiColon) || word(parser, "GO") {}
}

/// Takes a word if it is next, whatever its case.
pub fn word(parser: &mut Parser<'_>, expected: &str) -> bool {
    let found = peek_word(parser, 0).is_some_and(|word| word == expected);
    if found {
        parser.next_token();
    }
    found
}

/// The unquoted word at a distance, in upper case.
pub fn peek_word(parser: &Parser<'_>, distance: usize) -> Option<String> {
    match parser.peek_nth_token(distance).token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_uppercase()),
        _ => None,
    }
}

fn step(parser: &mut Parser<'_>) -> Parsed<Step> {
    let first = peek_word(parser, 0).unwrap_or_default();
    let second = peek_word(parser, 1).unwrap_or_default();
    match (first.as_str(), second.as_str()) {
        ("IF", _) => if_step(parser),
        ("BEGIN", "TRAN" | "TRANSACTION") => named(parser, 2).map(|_| Step::Begin),
        ("BEGIN", "TRY") => try_step(parser),
        ("BEGIN", _) => {
            parser.next_token();
            block(parser).map(Step::Block)
        }
        ("COMMIT", _) => {
            parser.next_token();
            transaction_name(parser).map(|_| Step::Commit)
        }
        ("ROLLBACK", _) => {
            parser.next_token();
            transaction_name(parser).map(Step::Rollback)
        }
        ("SAVE", "TRAN" | "TRANSACTION") => {
            let name = named(parser, 2)?;
            name.map(Step::Save)
                .ok_or_else(|| SqlError::unsupported("SAVE TRANSACTION without a name"))
        }
        ("SET", _) => set(parser),
        ("DECLARE", _) => declare(parser),
        ("EXEC" | "EXECUTE", _) => execute(parser),
        ("PRINT", _) => {
            parser.next_token();
            syntax(parser.parse_expr()).map(Step::Print)
        }
        ("RAISERROR", _) => raise(parser),
        ("THROW", _) => throw(parser),
        ("WAITFOR", "DELAY") => wait(parser),
        ("USE", _) => {
            parser.next_token();
            identifier(parser).map(Step::Use)
        }
        ("RETURN", _) => {
            parser.next_token();
            let ends = matches!(parser.peek_token().token, Token::EOF | Token::SemiColon)
                || matches!(peek_word(parser, 0).as_deref(), Some("END" | "ELSE"));
            let value = if ends {
                None
            } else {
                Some(syntax(parser.parse_expr())?)
            };
            Ok(Step::Return(value))
        }
        _ => match definition::parse(parser)? {
            Some(definition) => Ok(Step::Define(definition)),
            None => syntax(parser.parse_statement())
                .map(|statement| Step::Statement(Box::new(statement))),
        },
    }
}

fn if_step(parser: &mut Parser<'_>) -> Parsed<Step> {
    parser.next_token();
    let condition = syntax(parser.parse_expr())?;
    let then = branch(parser)?;
    let mut ahead = 0;
    while parser.peek_nth_token(ahead).token == Token::SemiColon {
        ahead += 1;
    }
    let mut otherwise = Vec::new();
    if peek_word(parser, ahead).as_deref() == Some("ELSE") {
        for _ in 0..=ahead {
            parser.next_token();
        }
        otherwise = branch(parser)?;
    }
    Ok(Step::If {
        condition,
        then,
        otherwise,
    })
}

fn branch(parser: &mut Parser<'_>) -> Parsed<Vec<Step>> {
    Ok(match step(parser)? {
        Step::Block(steps) => steps,
        other => vec![other],
    })
}

/// The steps up to END, which is taken.
fn block(parser: &mut Parser<'_>) -> Parsed<Vec<Step>> {
    let mut steps = Vec::new();
    loop {
        skip_separators(parser);
        if word(parser, "END") {
            return Ok(steps);
        }
        if parser.peek_token().token == Token::EOF {
            return Err(SqlError::severe(
                102,
                15,
                "Incorrect syntax: a block has no END.",
            ));
        }
        steps.push(step(parser)?);
    }
}

fn try_step(parser: &mut Parser<'_>) -> Parsed<Step> {
    parser.next_token();
    parser.next_token();
    let body = block(parser)?;
    word(parser, "TRY");
    skip_separators(parser);
    if !(word(parser, "BEGIN") && word(parser, "CATCH")) {
        return Err(SqlError::severe(
            102,
            15,
            "Incorrect syntax: BEGIN CATCH expected.",
        ));
    }
    let handler = block(parser)?;
    word(parser, "CATCH");
    Ok(Step::Try { body, handler })
}

fn named(parser: &mut Parser<'_>, skip: usize) -> Parsed<Option<String>> {
    for _ in 0..skip {
        parser.next_token();
    }
    optional_name(parser)
}

fn transaction_name(parser: &mut Parser<'_>) -> Parsed<Option<String>> {
    if ["TRAN", "TRANSACTION", "WORK"]
        .iter()
        .any(|each| word(parser, each))
    {
        return optional_name(parser);
    }
    Ok(None)
}

fn optional_name(parser: &mut Parser<'_>) -> Parsed<Option<String>> {
    match parser.peek_token().token {
        Token::Word(word) if word.keyword == Keyword::NoKeyword || word.quote_style.is_some() => {
            identifier(parser).map(Some)
        }
        _ => Ok(None),
    }
}

/// Takes an identifier.
pub fn identifier(parser: &mut Parser<'_>) -> Parsed<String> {
    syntax(parser.parse_identifier()).map(|ident| ident.value)
}

fn on_off(parser: &mut Parser<'_>) -> bool {
    parser
        .next_token()
        .token
        .to_string()
        .eq_ignore_ascii_case("ON")
}

fn set(parser: &mut Parser<'_>) -> Parsed<Step> {
    parser.next_token();
    let name = identifier(parser)?;
    if name.starts_with('@') {
        syntax(parser.expect_token(&Token::Eq))?;
        return Ok(Step::Assign {
            variable: name,
            value: syntax(parser.parse_expr())?,
        });
    }
    let setting = match name.to_ascii_uppercase().as_str() {
        "LOCK_TIMEOUT" => {
            let negative = parser.consume_token(&Token::Minus);
            let number: i64 = parser.next_token().token.to_string().parse().unwrap_or(-1);
            Setting::LockTimeout(if negative { -number } else { number })
        }
        "XACT_ABORT" => Setting::AbortOnError(on_off(parser)),
        "NOCOUNT" => Setting::NoCount(on_off(parser)),
        "IMPLICIT_TRANSACTIONS" => Setting::ImplicitTransactions(on_off(parser)),
        "NOEXEC" | "PARSEONLY" => Setting::NoExec(on_off(parser)),
        "TRANSACTION" => isolation(parser)?,
        "IDENTITY_INSERT" => return Err(SqlError::unsupported("SET IDENTITY_INSERT")),
        _ => {
            skip_setting(parser);
            Setting::Other
        }
    };
    Ok(Step::Set(setting))
}

fn isolation(parser: &mut Parser<'_>) -> Parsed<Setting> {
    word(parser, "ISOLATION");
    word(parser, "LEVEL");
    let first = identifier(parser)?.to_ascii_uppercase();
    let level = match first.as_str() {
        "READ" if identifier(parser)?.eq_ignore_ascii_case("UNCOMMITTED") => {
            Isolation::ReadUncommitted
        }
        "READ" => Isolation::ReadCommitted,
        "REPEATABLE" => {
            word(parser, "READ");
            Isolation::Held
        }
        "SERIALIZABLE" => Isolation::Held,
        other => return Err(SqlError::unsupported(format!("isolation level {other}"))),
    };
    Ok(Setting::Isolation(level))
}

/// Settings such as ANSI_NULLS, TEXTSIZE 64512 or several names before one ON.
fn skip_setting(parser: &mut Parser<'_>) {
    loop {
        let next = parser.next_token().token;
        let text = next.to_string().to_ascii_uppercase();
        let done = matches!(
            next,
            Token::Number(..) | Token::EOF | Token::SemiColon | Token::SingleQuotedString(_)
        ) || text == "ON"
            || text == "OFF";
        let follows = parser.peek_token().token;
        if done
            || !matches!(
                follows,
                Token::Comma | Token::Minus | Token::Number(..) | Token::Word(_)
            )
        {
            return;
        }
        let word = follows.to_string().to_ascii_uppercase();
        if matches!(follows, Token::Word(_))
            && next != Token::Comma
            && word != "ON"
            && word != "OFF"
        {
            return;
        }
    }
}

fn declare(parser: &mut Parser<'_>) -> Parsed<Step> {
    parser.next_token();
    let mut steps = Vec::new();
    loop {
        let variable = identifier(parser)?;
        word(parser, "AS");
        let kind = data_type(parser)?;
        let value = if parser.consume_token(&Token::Eq) {
            Some(syntax(parser.parse_expr())?)
        } else {
            None
        };
        steps.push(Step::Declare {
            variable,
            kind,
            value,
        });
        if !parser.consume_token(&Token::Comma) {
            return Ok(Step::Block(steps));
        }
    }
}

/// Takes a type name with its length.
pub fn data_type(parser: &mut Parser<'_>) -> Parsed<SqlType> {
    let mut text = identifier(parser)?;
    if parser.consume_token(&Token::Period) {
        text = identifier(parser)?;
    }
    if parser.consume_token(&Token::LParen) {
        text.push('(');
        loop {
            let token = parser.next_token().token;
            match token {
                Token::RParen => break,
                Token::EOF => {
                    return Err(SqlError::severe(
                        102,
                        15,
                        "Incorrect syntax: a type has no end.",
                    ));
                }
                other => text.push_str(&other.to_string()),
            }
        }
        text.push(')');
    }
    SqlType::parse(&text)
        .ok_or_else(|| SqlError::new(2715, format!("Cannot find data type {text}.")))
}

fn execute(parser: &mut Parser<'_>) -> Parsed<Step> {
    parser.next_token();
    if parser.consume_token(&Token::LParen) {
        let text = syntax(parser.parse_expr())?;
        syntax(parser.expect_token(&Token::RParen))?;
        return Ok(Step::ExecuteText(vec![text]));
    }
    let mut procedure = qualified(parser)?;
    let mut status = None;
    if procedure.starts_with('@') && parser.consume_token(&Token::Eq) {
        status = Some(procedure);
        procedure = qualified(parser)?;
    }
    let mut arguments = Vec::new();
    while !ends_call(parser) {
        arguments.push(argument(parser)?);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    Ok(Step::Execute {
        procedure,
        arguments,
        status,
    })
}

fn ends_call(parser: &Parser<'_>) -> bool {
    const STARTS: [&str; 12] = [
        "IF", "SELECT", "INSERT", "UPDATE", "DELETE", "EXEC", "SET", "END", "ELSE", "COMMIT",
        "ROLLBACK", "GO",
    ];
    matches!(parser.peek_token().token, Token::EOF | Token::SemiColon)
        || peek_word(parser, 0).is_some_and(|word| STARTS.contains(&word.as_str()))
}

fn argument(parser: &mut Parser<'_>) -> Parsed<Argument> {
    let mut name = Arc::from("");
    if peek_word(parser, 0).is_some_and(|word| word.starts_with('@'))
        && parser.peek_nth_token(1).token == Token::Eq
    {
        name = Arc::from(identifier(parser)?);
        parser.next_token();
    }
    let value = syntax(parser.parse_expr())?;
    let output = word(parser, "OUTPUT") || word(parser, "OUT");
    let target = output.then(|| value.to_string());
    Ok(Argument {
        name,
        value,
        target,
    })
}

/// A name with dots, brackets gone; omitted parts stay empty.
pub fn qualified(parser: &mut Parser<'_>) -> Parsed<String> {
    let mut name = identifier(parser)?;
    while parser.consume_token(&Token::Period) {
        name.push('.');
        if parser.peek_token().token != Token::Period {
            name.push_str(&identifier(parser)?);
        }
    }
    Ok(name)
}

fn raise(parser: &mut Parser<'_>) -> Parsed<Step> {
    parser.next_token();
    syntax(parser.expect_token(&Token::LParen))?;
    let mut arguments = syntax(parser.parse_comma_separated(Parser::parse_expr))?;
    syntax(parser.expect_token(&Token::RParen))?;
    if word(parser, "WITH") {
        identifier(parser)?;
    }
    let message = arguments.remove(0);
    let severity = if arguments.is_empty() {
        None
    } else {
        Some(arguments.remove(0))
    };
    Ok(Step::Raise(Box::new(Raise {
        number: None,
        message,
        severity,
    })))
}

fn throw(parser: &mut Parser<'_>) -> Parsed<Step> {
    parser.next_token();
    if matches!(parser.peek_token().token, Token::SemiColon | Token::EOF)
        || peek_word(parser, 0).as_deref() == Some("END")
    {
        return Ok(Step::Rethrow);
    }
    let mut arguments = syntax(parser.parse_comma_separated(Parser::parse_expr))?;
    if arguments.len() != 3 {
        return Err(SqlError::severe(
            102,
            15,
            "Incorrect syntax: THROW takes a number, a message and a state.",
        ));
    }
    arguments.truncate(2);
    let message = arguments.remove(1);
    Ok(Step::Raise(Box::new(Raise {
        number: arguments.pop(),
        message,
        severity: None,
    })))
}

fn wait(parser: &mut Parser<'_>) -> Parsed<Step> {
    parser.next_token();
    parser.next_token();
    let Token::SingleQuotedString(text) = parser.next_token().token else {
        return Err(SqlError::unsupported("WAITFOR DELAY with a variable"));
    };
    let mut seconds = 0.0;
    for part in text.split(':') {
        seconds = seconds * 60.0 + part.parse::<f64>().unwrap_or_default();
    }
    Ok(Step::Wait(Duration::from_secs_f64(seconds)))
}
