//! T-SQL: what the agent sends, what the catalogue answers, and what is refused.

use tiberius::Query;

use super::{code, connect, one, rows, sandbox};

/// The script that prepares a company for the agent, and the one that takes it back.
const SETUP: &str = include_str!("../../../../../installer/sql/connect.sql");
const REMOVE: &str = include_str!("../../../../../installer/sql/remove.sql");

async fn script(client: &mut super::Connection, text: &str) {
    for batch in text
        .split("\nGO")
        .map(str::trim)
        .filter(|batch| !batch.is_empty())
    {
        rows(client, batch)
            .await
            .unwrap_or_else(|error| panic!("{batch}: {error}"));
    }
}

#[tokio::test]
async fn the_agents_script_runs_twice_and_is_taken_back() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    script(&mut client, SETUP).await;
    script(&mut client, SETUP).await;
    let found = one(&mut client, "SELECT OBJECT_ID('connect.Journal')").await;
    assert_ne!(found, "NULL");
    let insert = "INSERT INTO connect.Journal (EffectKey, State, CommandId, DocumentType, PayloadHash, Revision, Numbers, ReservedAt) \
                  OUTPUT INSERTED.JournalId VALUES (@P1, 0, 'c', 'SOPTransactionType', 'h', @P2, '', GETUTCDATE())";
    for expected in ["1", "2"] {
        let mut query = Query::new(insert);
        query.bind(format!("TWO/s1/order:{expected}/sop/1"));
        query.bind(0_i64);
        let row = query
            .query(&mut client)
            .await
            .unwrap()
            .into_row()
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.get::<i64, _>(0).unwrap().to_string(), expected);
    }
    let updated = client
        .execute("UPDATE connect.Journal SET State = 1, Answer = @P1 WHERE EffectKey = @P2 AND State = 0", &[&"{}", &"TWO/s1/order:1/sop/1"])
        .await
        .unwrap();
    assert_eq!(updated.total(), 1);
    assert_eq!(
        one(
            &mut client,
            "SELECT MAX(JournalId) FROM connect.Journal WITH (READPAST) WHERE State = 1"
        )
        .await,
        "1"
    );
    script(&mut client, REMOVE).await;
    assert_eq!(
        one(&mut client, "SELECT OBJECT_ID('connect.Journal')").await,
        "NULL"
    );
}

#[tokio::test]
async fn the_catalogue_describes_procedures_and_tables() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let mut query = Query::new(
        "SELECT p.name, TYPE_NAME(p.user_type_id), p.max_length, p.precision, p.scale, p.is_output \
         FROM sys.all_parameters p WHERE p.object_id = OBJECT_ID(@P1) ORDER BY p.parameter_id",
    );
    query.bind("dbo.taSopHdrIvcInsert");
    let found = query
        .query(&mut client)
        .await
        .unwrap()
        .into_first_result()
        .await
        .unwrap();
    let shown: Vec<Vec<String>> = found
        .into_iter()
        .map(|row| row.into_iter().map(|cell| super::shown(&cell)).collect())
        .collect();
    assert_eq!(shown.len(), 117);
    assert_eq!(
        shown[0],
        ["@I_vSOPTYPE", "smallint", "2", "5", "0", "false"]
    );
    assert!(
        shown.contains(
            &["@I_vDOCAMNT", "numeric", "9", "19", "5", "false"]
                .map(str::to_owned)
                .to_vec()
        )
    );
    assert_eq!(
        shown[116],
        ["@oErrString", "varchar", "255", "0", "0", "true"]
    );
    let type_of = "SELECT DATA_TYPE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'SOP10100' AND COLUMN_NAME = 'CUSTNAME'";
    assert_eq!(rows(&mut client, type_of).await.unwrap()[0], ["char", "65"]);
    assert_eq!(one(&mut client, "SELECT COUNT(*) FROM sys.procedures WHERE name LIKE 'taSop%' OR name = 'taCreateCustomerAddress'").await, "17");
    let fork = one(&mut client, "SELECT CAST(recovery_fork_guid AS varchar(36)) FROM sys.database_recovery_status WHERE database_id = DB_ID()").await;
    assert_eq!(fork.len(), 36);
}

#[tokio::test]
async fn transactions_count_and_errors_take_back_only_their_statement() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let state = "SELECT @@TRANCOUNT, XACT_STATE()";
    assert_eq!(rows(&mut client, state).await.unwrap()[0], ["0", "0"]);
    client.begin_transaction().await.unwrap();
    assert_eq!(rows(&mut client, state).await.unwrap()[0], ["1", "1"]);
    let two = "INSERT INTO SY03000 (SHIPMTHD) VALUES ('NEW'), ('GROUND')";
    assert_eq!(code(&rows(&mut client, two).await.err().unwrap()), 2627);
    assert_eq!(
        one(
            &mut client,
            "SELECT COUNT(*) FROM SY03000 WHERE SHIPMTHD = 'NEW'"
        )
        .await,
        "0"
    );
    rows(&mut client, "INSERT INTO SY03000 (SHIPMTHD) VALUES ('NEW')")
        .await
        .unwrap();
    rows(
        &mut client,
        "SAVE TRANSACTION here; DELETE FROM SY03000; ROLLBACK TRANSACTION here",
    )
    .await
    .unwrap();
    assert_eq!(one(&mut client, "SELECT COUNT(*) FROM SY03000").await, "6");
    client.rollback_transaction().await.unwrap();
    assert_eq!(one(&mut client, "SELECT COUNT(*) FROM SY03000").await, "5");
    assert_eq!(rows(&mut client, state).await.unwrap()[0], ["0", "0"]);
}

#[tokio::test]
async fn xact_abort_takes_the_transaction_with_the_error() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    rows(&mut client, "SET XACT_ABORT ON").await.unwrap();
    client.begin_transaction().await.unwrap();
    let error = rows(
        &mut client,
        "INSERT INTO SY03000 (SHIPMTHD) VALUES ('GROUND')",
    )
    .await
    .err()
    .unwrap();
    assert_eq!(code(&error), 2627);
    assert_eq!(one(&mut client, "SELECT @@TRANCOUNT").await, "0");
}

#[tokio::test]
async fn queries_of_many_shapes_answer() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    for (sql, expected) in [
        (
            "SELECT TOP (1) RTRIM(c.CUSTNMBR) + '/' + RTRIM(a.ADRSCODE) FROM dbo.RM00101 c JOIN RM00102 a ON a.CUSTNMBR = c.CUSTNMBR ORDER BY c.CUSTNMBR",
            "AARONFIT0001/PRIMARY",
        ),
        (
            "SELECT COUNT(DISTINCT LOCNCODE) FROM IV00102 WHERE RCRDTYPE = 2",
            "2",
        ),
        ("SELECT MAX(UOMPRICE) FROM IV00108", "2499.95000"),
        (
            "SELECT SUM(x.n) FROM (SELECT COUNT(*) AS n FROM IV00101 GROUP BY ITEMTYPE) AS x",
            "35",
        ),
        (
            "SELECT ISNULL((SELECT RTRIM(CUSTNAME) FROM RM00101 WHERE CUSTNMBR = 'NONE'), 'none')",
            "none",
        ),
        (
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM SY03000 WHERE SHIPMTHD = 'mail') THEN 1 ELSE 0 END",
            "1",
        ),
        ("SELECT CAST(12.3456 AS numeric(19,2)) * 2", "24.70"),
        ("SELECT 10.0 / 4", "2.500000"),
        ("SELECT 7 / 2", "3"),
        (
            "SELECT CONVERT(varchar(10), CAST('2026-03-05' AS datetime), 120)",
            "2026-03-05",
        ),
        ("SELECT DATEDIFF(day, '2026-03-05', '2026-04-01')", "27"),
        ("SELECT UPPER(LTRIM('  ab ')) + N'|'", "AB |"),
        (
            "WITH big AS (SELECT ITEMNMBR, UOMPRICE FROM IV00108 WHERE UOMPRICE > 1000) SELECT COUNT(*) FROM big",
            "3",
        ),
        (
            "SELECT COUNT(*) FROM RM00101 WHERE CUSTNMBR IN ('AARONFIT0001', 'WEBCUST') OR CUSTNAME LIKE 'contoso%'",
            "3",
        ),
        (
            "SELECT RTRIM(CMPNYNAM) FROM DYNAMICS..SY01500 WHERE INTERID = 'TWO2'",
            "Fabrikam Test",
        ),
        (
            "SELECT DATABASEPROPERTYEX('TWO2', 'Collation')",
            "Latin1_General_BIN",
        ),
        (
            "SELECT COUNT(*) FROM TWO2.dbo.IV00101 WHERE ITEMNMBR IN ('100xlg', '100XLG  ')",
            "1",
        ),
        (
            "SELECT COUNT(*) FROM TWO2.dbo.IV00101 WHERE ITEMNMBR = '100xlg'",
            "0",
        ),
        (
            "SELECT SOPNUMBE FROM TWO2.dbo.SOP40200 WHERE SOPTYPE = 2 AND DOCID = 'WEBSHOP'",
            "SHOP000001           ",
        ),
        (
            "DECLARE @n int = 4, @t varchar(9); SET @n = @n + 1; SELECT @t = SHIPMTHD FROM SY03000 WHERE SHIPMTHD = 'MAIL'; IF @n > 4 SELECT RTRIM(@t) ELSE SELECT 'no'",
            "MAIL",
        ),
        (
            "SELECT HAS_PERMS_BY_NAME('dbo.SOP10100', 'OBJECT', 'SELECT')",
            "1",
        ),
        (
            "SELECT HAS_PERMS_BY_NAME('DYNAMICS.dbo.taErrorCode', 'OBJECT', 'SELECT')",
            "1",
        ),
        (
            "SELECT HAS_PERMS_BY_NAME('dbo.taNothing', 'OBJECT', 'EXECUTE')",
            "NULL",
        ),
        (
            "BEGIN TRY SELECT 1/0 END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH",
            "8134",
        ),
    ] {
        assert_eq!(one(&mut client, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn unknown_things_are_refused_by_name() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    for (sql, number) in [
        ("SELECT * FROM NOWHERE", 208),
        ("SELECT NOTHING FROM RM00101", 207),
        (
            "MERGE INTO SY03000 AS t USING SY03000 AS s ON 1 = 1 WHEN MATCHED THEN DELETE",
            50_001,
        ),
        ("SELECT SOUNDEX('x')", 50_001),
        ("EXEC dbo.taNothing", 2812),
        ("EXEC dbo.taSopToPopLink @I_vSOPTYPE = 2", 2812),
        ("UPDATE sys.all_objects SET name = 'x'", 259),
        ("SELECT @x", 137),
        (
            "UPDATE RM00101 SET CUSTNMBR = 'longer than the column is' WHERE CUSTNMBR = 'WEBCUST'",
            2628,
        ),
    ] {
        let error = rows(&mut client, sql)
            .await
            .err()
            .unwrap_or_else(|| panic!("{sql} went through"));
        assert_eq!(code(&error), number, "{sql}: {error}");
    }
}

#[tokio::test]
async fn conditions_come_out_the_same_in_if_and_in_case() {
    const CONDITIONS: [&str; 12] = [
        "@n = 0 AND @@TRANCOUNT = 0 AND XACT_STATE() = 0",
        "@n = 0 AND ISNULL(@nothing, 0) <> 0",
        "ISNULL(@nothing, 3) > @n",
        "@n >= 0 AND (@n <= 0) AND @n < 1",
        "@nothing = 0",
        "@nothing = 0 AND @n = 0",
        "LTRIM(RTRIM(ISNULL(@blank, ''))) = ''",
        "LTRIM(RTRIM(ISNULL(@none, ''))) <> ''",
        "LTRIM(RTRIM(@text)) <> ''",
        "RTRIM(@text) = '  x'",
        "@text = '  X'",
        "@n = 0 OR @nothing = 0",
    ];
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let variables = "DECLARE @n int = 0, @nothing int, @blank varchar(9) = '   ', @none varchar(9), \
                     @text varchar(9) = '  x '; ";
    for condition in CONDITIONS {
        let case = format!("{variables} SELECT CASE WHEN {condition} THEN 1 ELSE 0 END");
        let branch = format!("{variables} IF {condition} SELECT 1 ELSE SELECT 0");
        let (case, branch) = (
            one(&mut client, &case).await,
            one(&mut client, &branch).await,
        );
        assert_eq!(case, branch, "{condition}");
    }
}

#[tokio::test]
async fn parameters_go_by_place_until_one_has_a_name_and_none_may_be_missing() {
    /// Names and values, and the error they get.
    type Sent = (&'static [(&'static str, i32)], Option<u32>);
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let sent: [Sent; 4] = [
        (&[("", 1), ("@b", 2)], None),
        (&[("@b", 2), ("@a", 1)], None),
        (&[("@a", 1), ("", 2)], Some(119)),
        (&[("", 1)], Some(8178)),
    ];
    for (parameters, refused) in sent {
        let text = "IF @a <> 1 OR @b <> 2 RAISERROR('swapped', 16, 1)";
        let mut command = tiberius::Command::new("sp_executesql");
        command.bind_param("", text);
        command.bind_param("", "@a int, @b int");
        for (name, value) in parameters {
            command.bind_param(*name, *value);
        }
        let answer = command.exec(&mut client).await.unwrap();
        let ended = futures::TryStreamExt::try_for_each(answer, |_| async { Ok(()) }).await;
        assert_eq!(
            ended.err().map(|error| code(&error)),
            refused,
            "{parameters:?}"
        );
    }
}

/// Views of what goes on in the server are for those who may see it.
#[tokio::test]
async fn transactions_that_write_are_seen_with_the_right_for_it() {
    let sandbox = sandbox().await;
    let mut client = connect(&sandbox).await;
    let mut user = connect(&sandbox).await;
    let sql = "SELECT database_id, DATEDIFF(second, MIN(database_transaction_begin_time), GETDATE()) \
               FROM sys.dm_tran_database_transactions WHERE database_id = DB_ID() GROUP BY database_id";
    let refused = rows(&mut client, sql).await.unwrap_err();
    assert_eq!(code(&refused), 300);
    rows(&mut client, "GRANT VIEW SERVER STATE TO connect_agent")
        .await
        .unwrap();
    assert!(rows(&mut client, sql).await.unwrap().is_empty());
    user.begin_transaction().await.unwrap();
    rows(&mut user, "SELECT ITEMNMBR FROM IV00101")
        .await
        .unwrap();
    assert!(
        rows(&mut client, sql).await.unwrap().is_empty(),
        "it only reads"
    );
    let rename = "UPDATE IV00101 SET ITEMDESC = 'X' WHERE ITEMNMBR = 'CORDG'";
    rows(&mut user, rename).await.unwrap();
    let company = one(&mut client, "SELECT DB_ID()").await;
    assert_eq!(
        rows(&mut client, sql).await.unwrap(),
        [[company.as_str(), "0"]]
    );
    user.commit_transaction().await.unwrap();
    assert!(rows(&mut client, sql).await.unwrap().is_empty());
}
