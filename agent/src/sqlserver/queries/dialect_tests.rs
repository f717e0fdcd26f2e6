//! Reads every text of the agent as T-SQL, and sees that GP has each table and column it names.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::dialect::MsSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::print::printed;
use crate::sqlserver::statements;

/// GP's tables with their columns.
fn gp_columns() -> BTreeMap<String, BTreeSet<String>> {
    let list = include_str!("../../../tests/fixtures/gp_columns.csv");
    let mut reader = csv::Reader::from_reader(list.as_bytes());
    let records = reader.records().map(|record| record.expect("a row"));
    let table = |record: csv::StringRecord| {
        let columns = record[2].split(' ').map(str::to_owned).collect();
        (record[0].to_owned(), columns)
    };
    records.map(table).collect()
}

/// The names in a text that are neither values, parameters nor in square brackets.
fn names(sql: &str) -> Vec<Token> {
    let tokens = Tokenizer::new(&MsSqlDialect {}, sql).tokenize().expect(sql);
    let wanted = |token: &Token| {
        let Token::Word(word) = token else {
            return !matches!(token, Token::Whitespace(_));
        };
        word.quote_style.is_none() && !word.value.starts_with('@')
    };
    tokens.into_iter().filter(wanted).collect()
}

fn word(token: Option<&Token>) -> Option<&str> {
    if let Some(Token::Word(word)) = token {
        return Some(word.value.as_str());
    }
    None
}

/// The tables of a text by their aliases.
fn aliases(tokens: &[Token]) -> BTreeMap<&str, &str> {
    let mut found = BTreeMap::new();
    for part in tokens.windows(4) {
        let [schema, Token::Period, table, alias] = part else {
            continue;
        };
        if word(Some(schema)) == Some("dbo")
            && let (Some(table), Some(alias)) = (word(Some(table)), word(Some(alias)))
        {
            found.insert(alias, table);
        }
    }
    found
}

#[test]
fn queries_are_t_sql_about_columns_that_gp_has() {
    let gp = gp_columns();
    let known: BTreeSet<&str> = [
        "SELECT", "TOP", "CAST", "AS", "FROM", "LEFT", "JOIN", "ON", "AND", "OR", "WHERE", "ORDER",
        "BY", "IN", "IS", "NULL", "CASE", "WHEN", "THEN", "ELSE", "END", "SUM", "COUNT", "ISNULL",
        "YEAR", "DATEDIFF", "GETDATE", "DB_NAME", "dbo", "DYNAMICS", "day", "char", "int",
        "smallint", "tinyint", "numeric", "datetime",
    ]
    .into();
    for text in printed(&[]) {
        let name = text.name;
        let sql = text.sql.replace("{system}", "DYNAMICS");
        let parsed = Parser::parse_sql(&MsSqlDialect {}, &sql);
        let parsed = parsed.unwrap_or_else(|error| panic!("{name}: {error}\n{sql}"));
        assert_eq!(parsed.len(), 1, "{name}");
        let tokens = names(&sql);
        let aliases = aliases(&tokens);
        for (at, token) in tokens.iter().enumerate() {
            let Some(found) = word(Some(token)) else {
                continue;
            };
            let behind_dot = at > 0 && tokens[at - 1] == Token::Period;
            if !behind_dot {
                let fine = known.contains(found) || aliases.contains_key(found);
                assert!(fine, "{name}: what is {found}?\n{sql}");
                continue;
            }
            let before = word(tokens.get(at.wrapping_sub(2))).unwrap_or_default();
            match (before, aliases.get(before)) {
                ("DYNAMICS", _) => assert_eq!(found, "dbo", "{name}"),
                ("dbo", _) => assert!(gp.contains_key(found), "{name}: GP has no table {found}"),
                (_, Some(table)) => {
                    let columns = &gp[*table];
                    assert!(columns.contains(found), "{name}: {table} has no {found}");
                }
                (_, None) => panic!("{name}: what is {before}.{found}?\n{sql}"),
            }
        }
    }
}

/// The columns of the agent's own tables and of the server's catalogue that statements name.
const OTHER_COLUMNS: [&str; 42] = [
    "sp_describe_first_result_set",
    "dm_tran_database_transactions",
    "database_transaction_begin_time",
    "database_id",
    "SYS_CHANGE_VERSION",
    "change_tracking_tables",
    "CHANGES",
    "JournalId",
    "EffectKey",
    "State",
    "CommandId",
    "DocumentType",
    "PayloadHash",
    "Revision",
    "Numbers",
    "Answer",
    "ReservedAt",
    "CommittedAt",
    "BindingId",
    "Environment",
    "Company",
    "ServerName",
    "DatabaseName",
    "RecoveryFork",
    "Incarnation",
    "BoundAt",
    "name",
    "user_type_id",
    "max_length",
    "precision",
    "scale",
    "is_output",
    "object_id",
    "parameter_id",
    "recovery_fork_guid",
    "database_id",
    "all_parameters",
    "procedures",
    "database_recovery_status",
    "Journal",
    "Binding",
    "TYPE",
];

/// Words of T-SQL itself in the statements.
const WORDS: [&str; 74] = [
    "IN",
    "INNER",
    "LEFT",
    "JOIN",
    "ON",
    "TOP",
    "bit",
    "RETURN",
    "GROUP",
    "MIN",
    "BY",
    "DECLARE",
    "SET",
    "SELECT",
    "INSERT",
    "INTO",
    "UPDATE",
    "VALUES",
    "FROM",
    "WHERE",
    "AND",
    "OR",
    "IF",
    "ELSE",
    "BEGIN",
    "END",
    "TRAN",
    "COMMIT",
    "ROLLBACK",
    "EXEC",
    "OUTPUT",
    "INSERTED",
    "ORDER",
    "BY",
    "LIKE",
    "CASE",
    "WHEN",
    "THEN",
    "EXISTS",
    "AS",
    "WITH",
    "UPDLOCK",
    "READPAST",
    "NOLOCK",
    "READCOMMITTEDLOCK",
    "NOEXEC",
    "ON",
    "OFF",
    "XACT_ABORT",
    "NOCOUNT",
    "IMPLICIT_TRANSACTIONS",
    "TRANSACTION",
    "ISOLATION",
    "LEVEL",
    "READ",
    "COMMITTED",
    "LOCK_TIMEOUT",
    "NULL",
    "IS",
    "varchar",
    "nvarchar",
    "char",
    "int",
    "bigint",
    "smallint",
    "tinyint",
    "max",
    "dbo",
    "connect",
    "sys",
    "DYNAMICS",
    "numeric",
    "second",
    "NOT",
];

#[test]
fn statements_name_nothing_but_columns_that_are_there() {
    let gp = gp_columns();
    for (name, text) in statements::compilable("DYNAMICS") {
        let tokens = Tokenizer::new(&MsSqlDialect {}, &text).tokenize();
        let tokens = tokens.unwrap_or_else(|error| panic!("{name}: {error}"));
        let tables = gp.iter().filter(|(table, _)| text.contains(table.as_str()));
        let columns: BTreeSet<&str> = tables
            .flat_map(|(_, columns)| columns.iter().map(String::as_str))
            .collect();
        for (at, token) in tokens.iter().enumerate() {
            let Token::Word(word) = token else { continue };
            let found = word.value.as_str();
            let called = matches!(tokens.get(at + 1), Some(Token::LParen));
            let alias = found.len() == 1;
            let table = gp.contains_key(found);
            let fine = called
                || alias
                || table
                || word.quote_style.is_some()
                || found.starts_with('@')
                || columns.contains(found)
                || OTHER_COLUMNS.contains(&found)
                || WORDS.iter().any(|known| known.eq_ignore_ascii_case(found))
                || found.starts_with("ta");
            assert!(fine, "{name}: what is {found}?");
        }
    }
}

/// What has no procedure call and no `OUTPUT` in it is whole T-SQL to a parser.
#[test]
fn statements_are_t_sql() {
    let mut parsed = 0;
    for statement in statements::ALL {
        // The parser does not know this function's word.
        let text = statement.text("DYNAMICS");
        let text = text.replace("CHANGETABLE(CHANGES ", "CHANGETABLE(");
        let first = text.split(' ').next().unwrap_or_default();
        let whole = matches!(first, "SELECT" | "INSERT" | "UPDATE") && !text.contains('{');
        let alone =
            !text.contains("EXEC ") && !text.contains("@connect_batch =") && !text.contains("IF ");
        if whole && alone {
            let read = Parser::parse_sql(&MsSqlDialect {}, &text);
            let read = read.unwrap_or_else(|error| panic!("{}: {error}", statement.name));
            assert!(!read.is_empty(), "{}", statement.name);
            parsed += 1;
        }
    }
    assert!(parsed >= 18, "{parsed}");
}
