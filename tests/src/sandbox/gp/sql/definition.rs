//! Data definition: schemas, tables, columns, indexes, roles and rights.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not known of a foreign syntax tree is refused"
)]

use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::super::convert::assign;
use super::super::error::SqlError;
use super::super::heap::schema::{Column, Default};
use super::super::value::{Numeric, Value};
use super::script::{data_type, identifier, peek_word, qualified, word};

/// One definition.
#[derive(Debug)]
pub enum Definition {
    Schema(String),
    DropSchema(String),
    DropPrincipal(String),
    Table {
        name: String,
        columns: Vec<Column>,
        uniques: Vec<Vec<String>>,
    },
    AddColumns {
        name: String,
        columns: Vec<Column>,
    },
    AddUnique {
        name: String,
        columns: Vec<String>,
    },
    Index {
        table: String,
        columns: Vec<String>,
        unique: bool,
    },
    DropTable {
        name: String,
        if_exists: bool,
    },
    Principal {
        name: String,
        kind: &'static str,
    },
    TrackDatabase {
        name: String,
        on: bool,
    },
    TrackTable {
        name: String,
        on: bool,
    },
    /// Whether what goes on in the server may be seen.
    ServerState(bool),
    /// Other rights are listed by no view the agent reads; everybody may do everything here.
    Rights,
}

type Parsed<T> = Result<T, SqlError>;

/// Reads a definition if one is next.
pub fn parse(parser: &mut Parser<'_>) -> Parsed<Option<Definition>> {
    let first = peek_word(parser, 0).unwrap_or_default();
    let second = peek_word(parser, 1).unwrap_or_default();
    let found = match (first.as_str(), second.as_str()) {
        ("CREATE", "SCHEMA") => {
            skip(parser, 2);
            create_schema(parser)?
        }
        ("CREATE", "TABLE") => {
            skip(parser, 2);
            create_table(parser)?
        }
        ("CREATE", "ROLE" | "USER" | "LOGIN") => {
            skip(parser, 2);
            let name = identifier(parser)?;
            rest_of_line(parser);
            Definition::Principal {
                name,
                kind: if second == "ROLE" { "R" } else { "S" },
            }
        }
        ("CREATE", "UNIQUE" | "INDEX" | "NONCLUSTERED" | "CLUSTERED") => create_index(parser)?,
        ("ALTER", "DATABASE") => {
            skip(parser, 2);
            alter_database(parser)?
        }
        ("ALTER", "TABLE") => {
            skip(parser, 2);
            alter_table(parser)?
        }
        ("GRANT" | "DENY" | "REVOKE", "VIEW") if is_server_state(parser) => {
            rights(parser);
            Definition::ServerState(first == "GRANT")
        }
        ("ALTER", "ROLE" | "USER" | "AUTHORIZATION") | ("GRANT" | "DENY" | "REVOKE", _) => {
            rights(parser);
            Definition::Rights
        }
        ("DROP", "SCHEMA" | "ROLE" | "USER") => {
            skip(parser, 2);
            let name = identifier(parser)?;
            if second == "SCHEMA" {
                Definition::DropSchema(name)
            } else {
                Definition::DropPrincipal(name)
            }
        }
        ("DROP", "TABLE") => {
            skip(parser, 2);
            let if_exists = word(parser, "IF") && word(parser, "EXISTS");
            Definition::DropTable {
                name: qualified(parser)?,
                if_exists,
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(found))
}

fn create_schema(parser: &mut Parser<'_>) -> Parsed<Definition> {
    let name = identifier(parser)?;
    if word(parser, "AUTHORIZATION") {
        identifier(parser)?;
    }
    Ok(Definition::Schema(name))
}

fn is_server_state(parser: &Parser<'_>) -> bool {
    let word = |at| peek_word(parser, at);
    word(2).as_deref() == Some("SERVER") && word(3).as_deref() == Some("STATE")
}

fn skip(parser: &mut Parser<'_>, count: usize) {
    for _ in 0..count {
        parser.next_token();
    }
}

fn ends(parser: &Parser<'_>) -> bool {
    const STARTS: [&str; 12] = [
        "IF", "GRANT", "DENY", "REVOKE", "CREATE", "ALTER", "EXEC", "END", "ELSE", "GO", "SET",
        "PRINT",
    ];
    matches!(parser.peek_token().token, Token::EOF | Token::SemiColon)
        || peek_word(parser, 0).is_some_and(|word| STARTS.contains(&word.as_str()))
}

fn rest_of_line(parser: &mut Parser<'_>) {
    while !ends(parser) {
        parser.next_token();
    }
}

/// Everything up to the principals, which end the statement.
fn rights(parser: &mut Parser<'_>) {
    parser.next_token();
    while !matches!(parser.peek_token().token, Token::EOF | Token::SemiColon) {
        let next = parser.next_token().token.to_string().to_ascii_uppercase();
        if next == "TO" || next == "FROM" || next == "MEMBER" {
            break;
        }
    }
    rest_of_line(parser);
}

fn create_table(parser: &mut Parser<'_>) -> Parsed<Definition> {
    let name = qualified(parser)?;
    expect(parser, &Token::LParen)?;
    let mut columns = Vec::new();
    let mut uniques = Vec::new();
    loop {
        if starts_constraint(parser) {
            constraint(parser, &mut uniques)?;
        } else {
            columns.push(column(parser, &mut uniques)?);
        }
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    expect(parser, &Token::RParen)?;
    if word(parser, "ON") {
        identifier(parser)?;
    }
    for key in &uniques {
        for column in columns.iter_mut().filter(|column| {
            key.first()
                .is_some_and(|first| column.name.eq_ignore_ascii_case(first))
        }) {
            column.nullable = column.nullable && uniques.first() != Some(key);
        }
    }
    Ok(Definition::Table {
        name,
        columns,
        uniques,
    })
}

fn expect(parser: &mut Parser<'_>, token: &Token) -> Parsed<()> {
    super::script::syntax(parser.expect_token(token)).map(|_| ())
}

fn starts_constraint(parser: &Parser<'_>) -> bool {
    matches!(
        peek_word(parser, 0).as_deref(),
        Some("CONSTRAINT" | "PRIMARY" | "UNIQUE" | "CHECK" | "FOREIGN")
    )
}

fn constraint(parser: &mut Parser<'_>, uniques: &mut Vec<Vec<String>>) -> Parsed<()> {
    if word(parser, "CONSTRAINT") {
        identifier(parser)?;
    }
    let primary = word(parser, "PRIMARY");
    if primary {
        word(parser, "KEY");
    } else if !word(parser, "UNIQUE") {
        return Err(SqlError::unsupported(format!(
            "constraint {}",
            parser.peek_token().token
        )));
    }
    let _clustered = word(parser, "CLUSTERED") || word(parser, "NONCLUSTERED");
    let key = key_columns(parser)?;
    if primary {
        uniques.insert(0, key);
    } else {
        uniques.push(key);
    }
    Ok(())
}

fn key_columns(parser: &mut Parser<'_>) -> Parsed<Vec<String>> {
    expect(parser, &Token::LParen)?;
    let mut columns = Vec::new();
    loop {
        columns.push(identifier(parser)?);
        let _direction = word(parser, "ASC") || word(parser, "DESC");
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    expect(parser, &Token::RParen)?;
    Ok(columns)
}

fn column(parser: &mut Parser<'_>, uniques: &mut Vec<Vec<String>>) -> Parsed<Column> {
    let name = identifier(parser)?;
    let kind = data_type(parser)?;
    let mut column = Column {
        name,
        kind,
        nullable: true,
        identity: false,
        default: Default::Missing,
    };
    loop {
        if word(parser, "IDENTITY") {
            if parser.consume_token(&Token::LParen) {
                while parser.next_token().token != Token::RParen {}
            }
            column.identity = true;
            column.nullable = false;
        } else if word(parser, "NOT") {
            word(parser, "NULL");
            column.nullable = false;
        } else if word(parser, "NULL") {
            column.nullable = true;
        } else if word(parser, "CONSTRAINT") {
            identifier(parser)?;
        } else if word(parser, "DEFAULT") {
            column.default = default(parser, &column)?;
        } else if word(parser, "PRIMARY") {
            word(parser, "KEY");
            let _clustered = word(parser, "CLUSTERED") || word(parser, "NONCLUSTERED");
            column.nullable = false;
            uniques.insert(0, vec![column.name.clone()]);
        } else if word(parser, "UNIQUE") {
            let _clustered = word(parser, "CLUSTERED") || word(parser, "NONCLUSTERED");
            uniques.push(vec![column.name.clone()]);
        } else if word(parser, "COLLATE") {
            identifier(parser)?;
        } else {
            return Ok(column);
        }
    }
}

fn default(parser: &mut Parser<'_>, column: &Column) -> Parsed<Default> {
    let mut depth = 0;
    while parser.consume_token(&Token::LParen) {
        depth += 1;
    }
    let negative = parser.consume_token(&Token::Minus);
    let found = match parser.next_token().token {
        Token::Number(text, _) => {
            let mut number =
                Numeric::parse(&text).ok_or_else(|| SqlError::unsupported("this default"))?;
            number.units *= if negative { -1 } else { 1 };
            Default::Constant(assign(&Value::Numeric(number), column.kind, &column.name)?)
        }
        Token::SingleQuotedString(text) | Token::NationalStringLiteral(text) => {
            Default::Constant(assign(&Value::Text(text), column.kind, &column.name)?)
        }
        Token::Word(name) => named_default(&name.value)?,
        other => return Err(SqlError::unsupported(format!("default {other}"))),
    };
    if parser.consume_token(&Token::LParen) {
        expect(parser, &Token::RParen)?;
    }
    for _ in 0..depth {
        expect(parser, &Token::RParen)?;
    }
    Ok(found)
}

fn named_default(name: &str) -> Parsed<Default> {
    Ok(match name.to_ascii_uppercase().as_str() {
        "GETDATE" | "SYSDATETIME" | "CURRENT_TIMESTAMP" => Default::Now,
        "GETUTCDATE" | "SYSUTCDATETIME" => Default::UtcNow,
        "NEWID" => Default::NewId,
        "NULL" => Default::Missing,
        other => return Err(SqlError::unsupported(format!("default {other}"))),
    })
}

fn alter_database(parser: &mut Parser<'_>) -> Parsed<Definition> {
    let name = identifier(parser)?;
    let tracks = word(parser, "SET") && word(parser, "CHANGE_TRACKING");
    if !tracks {
        return Err(SqlError::unsupported("this ALTER DATABASE"));
    }
    let _equals = parser.consume_token(&Token::Eq);
    let on = word(parser, "ON");
    rest_of_line(parser);
    Ok(Definition::TrackDatabase { name, on })
}

fn alter_table(parser: &mut Parser<'_>) -> Parsed<Definition> {
    let name = qualified(parser)?;
    let on = word(parser, "ENABLE");
    if on || word(parser, "DISABLE") {
        if !word(parser, "CHANGE_TRACKING") {
            return Err(SqlError::unsupported("this ALTER TABLE"));
        }
        rest_of_line(parser);
        return Ok(Definition::TrackTable { name, on });
    }
    if !word(parser, "ADD") {
        return Err(SqlError::unsupported("ALTER TABLE other than ADD"));
    }
    let mut uniques = Vec::new();
    if starts_constraint(parser) {
        constraint(parser, &mut uniques)?;
        return Ok(Definition::AddUnique {
            name,
            columns: uniques.remove(0),
        });
    }
    let mut columns = Vec::new();
    loop {
        columns.push(column(parser, &mut uniques)?);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    if !uniques.is_empty() {
        return Err(SqlError::unsupported("a key on an added column"));
    }
    Ok(Definition::AddColumns { name, columns })
}

fn create_index(parser: &mut Parser<'_>) -> Parsed<Definition> {
    parser.next_token();
    let unique = word(parser, "UNIQUE");
    let _clustered = word(parser, "CLUSTERED") || word(parser, "NONCLUSTERED");
    if !word(parser, "INDEX") {
        return Err(SqlError::unsupported("this CREATE"));
    }
    identifier(parser)?;
    if !word(parser, "ON") {
        return Err(SqlError::severe(102, 15, "Incorrect syntax: ON expected."));
    }
    let table = qualified(parser)?;
    let columns = key_columns(parser)?;
    if word(parser, "INCLUDE") {
        key_columns(parser)?;
    }
    if peek_word(parser, 0).as_deref() == Some("WHERE") && unique {
        return Err(SqlError::unsupported("a filtered unique index"));
    }
    rest_of_line(parser);
    Ok(Definition::Index {
        table,
        columns,
        unique,
    })
}
