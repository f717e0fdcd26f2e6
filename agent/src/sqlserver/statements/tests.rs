//! Holds that every statement is listed, and that there is no other.

use std::path::{Path, PathBuf};

use super::*;

#[test]
fn every_statement_is_listed() {
    let sources = [
        include_str!("mod.rs"),
        include_str!("numbers.rs"),
        include_str!("calls.rs"),
        include_str!("preflight.rs"),
        include_str!("watched.rs"),
    ];
    let lines = sources.iter().flat_map(|source| source.lines());
    let defined = lines
        .filter(|line| {
            line.starts_with("asked!(")
                || line.starts_with("stamped!(")
                || line.starts_with("tracked!(")
                || line.starts_with("pub(") && line.contains(": Statement =")
        })
        .count();
    assert!(defined > 20);
    assert_eq!(defined, ALL.len());
}

/// A bare parameter is national text: the server would convert the column and scan.
#[test]
fn character_columns_are_compared_with_their_own_type() {
    let columns = ["EffectKey", "CommandId", "CSTPONBR", "SOPNUMBE", "INTERID"];
    for statement in ALL {
        for column in columns {
            let bare = format!("{column} = @P");
            let compared = statement.sql.rsplit("WHERE").next().unwrap_or_default();
            let scans = statement.sql.contains("WHERE") && compared.contains(&bare);
            assert!(!scans, "{} compares {bare}", statement.name);
        }
    }
}

/// Customers run SQL Server 2012 and later.
#[test]
fn every_text_keeps_to_what_sql_server_2012_knows() {
    const LATER: [&str; 15] = [
        "CREATE OR ALTER",
        "DROP TABLE IF EXISTS",
        "DROP PROCEDURE IF EXISTS",
        "STRING_AGG(",
        "STRING_SPLIT(",
        " TRIM(",
        "AT TIME ZONE",
        "JSON_VALUE(",
        "OPENJSON(",
        "FOR JSON",
        "CURRENT_TRANSACTION_ID(",
        "DATEDIFF_BIG(",
        "GREATEST(",
        "CONCAT_WS(",
        "MERGE ",
    ];
    let scripts = [
        include_str!("../../../../installer/sql/connect.sql"),
        include_str!("../../../../installer/sql/remove.sql"),
        include_str!("../../../../installer/sql/rights-dyngrp.sql"),
    ];
    let texts = compilable("DYNAMICS").into_iter();
    let texts = texts.chain(scripts.map(|script| ("a script", script.to_owned())));
    for (name, text) in texts {
        let text = text.to_uppercase();
        for later in LATER {
            assert!(!text.contains(later), "{name} has {later}");
        }
        // Some servers hide the parameters of encrypted procedures in the newer view.
        assert!(!text.contains("SYS.PARAMETERS"), "{name}");
    }
}

#[test]
fn no_other_file_has_sql_text() {
    let markers = [
        "\"SELECT ",
        "\"INSERT ",
        "\"UPDATE ",
        "\"DELETE ",
        "\"SET ",
        "\"EXEC ",
        "\"DECLARE ",
    ];
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let mut folders = file.iter();
        if folders.any(|folder| folder == "statements" || folder == "queries") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("source");
        for marker in markers {
            assert!(
                !text.contains(marker),
                "{} has SQL text: {marker}",
                file.display()
            );
        }
    }
}

#[test]
fn only_the_connection_speaks_tiberius() {
    for file in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        let text = std::fs::read_to_string(&file).expect("source");
        let speaks = text.contains(concat!("tiberius", "::"));
        let allowed = file.ends_with("sqlserver/connection.rs");
        assert!(!speaks || allowed, "{} uses the driver", file.display());
    }
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("directory") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn each_of_several_calls_waits_for_the_one_before_it() {
    let outputs = ["@O_iErrorState".to_owned(), "@oErrString".to_owned()];
    let text = procedure_calls("taX", &["@I_vA", "@I_vB"], &outputs, 2);
    let told = "@O_iErrorState=@O_iErrorState OUTPUT,@oErrString=@oErrString OUTPUT; \
                SET @connect_transaction = 10 * @@TRANCOUNT + XACT_STATE()";
    let call = "SET @connect_return_code = NULL; EXEC @connect_return_code = dbo.[taX]";
    assert_eq!(
        text,
        format!(
            "{call} @I_vA=@p1,@I_vB=@p2,{told}; \
             IF @connect_return_code = 0 AND @connect_transaction = 11 \
             AND ISNULL(@O_iErrorState, 0) = 0 AND LTRIM(RTRIM(ISNULL(@oErrString, ''))) = '' \
             BEGIN SET @connect_made = 1; {call} @I_vA=@p3,@I_vB=@p4,{told} END"
        )
    );
}
