//! Every SQL text the agent can send but for the named queries, each with the right it needs.

mod calls;
mod numbers;
mod preflight;
mod watched;

use std::borrow::Cow;
use std::sync::LazyLock;

pub(super) use calls::{
    Around, BATCH, BATCH_CHECK, BATCH_STATE, MADE, input, procedure_call, procedure_calls,
};

pub(super) use numbers::{
    NUMBER, NUMBER_DECLARATIONS, NUMBER_INVENTORY, NUMBER_JOURNAL, NUMBER_RECEIVABLE, NUMBER_SOP,
    NUMBER_STATE, NUMBER_VOUCHER, number, reserve,
};

pub(super) use preflight::{
    ACCOUNTS, CUSTOMERS, DISCONTINUED, EXCHANGE_TABLES, FEW, ITEMS, MANY, PERIODS, SALESPEOPLE,
    SITES, TAX_DETAILS, UNITS, VENDORS,
};

pub(super) use watched::{
    NEW_TRACKING_NUMBERS, NEWEST_TRACKING_NUMBER, OLDEST_OPEN, STAMPED_BALANCES, STAMPED_CUSTOMERS,
    STAMPED_ITEMS, STAMPED_OPEN_RECEIVABLES, STAMPED_PAID_RECEIVABLES, STAMPED_PRICE_OPTIONS,
    STAMPED_PRICES, STAMPED_SALES_HISTORY, STAMPED_SALES_WORK, TRACKED_APPLIED,
    TRACKED_APPLIED_HISTORY, TRACKED_BALANCES, TRACKED_CUSTOMERS, TRACKED_HOLDS, TRACKED_ITEMS,
    TRACKED_LIST_PRICES, TRACKED_OPEN_RECEIVABLES, TRACKED_PAID_RECEIVABLES, TRACKED_PRICE_OPTIONS,
    TRACKED_PRICES, TRACKED_QUANTITIES, TRACKED_SALES_HISTORY, TRACKED_SALES_WORK, TRACKED_TABLES,
    TRACKED_TRACKING_NUMBERS, TRACKED_USER_DEFINED,
};

use super::numbers::Counter;

/// One fixed SQL text; values are bound, never spliced.
#[derive(Debug)]
pub struct Statement {
    pub name: &'static str,
    /// What a login needs to run it.
    pub right: &'static str,
    sql: &'static str,
}

impl Statement {
    const fn new(name: &'static str, right: &'static str, sql: &'static str) -> Self {
        Self { name, right, sql }
    }

    /// Takes a row that holds no more than reserved numbers.
    pub(super) fn takes_reserved(&self) -> bool {
        std::ptr::eq(self, &raw const JOURNAL_TAKE)
    }

    /// The text of a statement that names no other database.
    pub(super) fn fixed(&self) -> &'static str {
        self.sql
    }

    /// The text with the system database's name put in.
    pub fn text(&self, system_database: &str) -> Cow<'static, str> {
        if self.sql.contains("{system}") {
            Cow::Owned(self.sql.replace("{system}", system_database))
        } else {
            Cow::Borrowed(self.sql)
        }
    }
}

const NONE: &str = "none beyond the login";
const JOURNAL: &str = "SELECT, INSERT, UPDATE on schema connect (role connect_agent)";
const METADATA: &str = "metadata of the company's procedures: EXECUTE on them shows it";
const SYSTEM_READ: &str = "SELECT on this table of the system database";

/// A server's `user options` may give new sessions other settings than the agent counts on.
pub(super) static SESSION: Statement = Statement::new(
    "session: settings",
    NONE,
    "SET NOCOUNT OFF; SET XACT_ABORT OFF; SET IMPLICIT_TRANSACTIONS OFF; \
     SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCK_TIMEOUT {milliseconds}",
);
pub(super) static COMPILE_ONLY: Statement = Statement::new(
    "doctor: from here on compile, run nothing (on a connection of its own)",
    NONE,
    "SET NOEXEC ON",
);
/// Known since SQL Server 2012; the text it is given does not run.
pub(super) static DESCRIBE: Statement = Statement::new(
    "doctor: columns and types that a text would give",
    NONE,
    "EXEC sp_describe_first_result_set @P1, @P2",
);
pub(super) static TRANSACTION_STATE: Statement = Statement::new(
    "transaction: state",
    NONE,
    "SELECT @@TRANCOUNT, XACT_STATE()",
);
pub(super) static JOURNAL_INSERT: Statement = Statement::new(
    "journal: take an effect key",
    JOURNAL,
    "INSERT INTO connect.Journal \
     (EffectKey, State, CommandId, DocumentType, PayloadHash, Revision, Numbers, ReservedAt) \
     OUTPUT INSERTED.JournalId \
     VALUES (@P1, 0, @P2, @P3, @P4, @P5, '', GETUTCDATE())",
);
pub(super) static JOURNAL_NUMBERS: Statement = Statement::new(
    "journal: keep reserved numbers",
    JOURNAL,
    "UPDATE connect.Journal SET Numbers = @P1 WHERE EffectKey = CAST(@P2 AS varchar(200)) AND State = 0",
);
/// Stands before [`JOURNAL_RESERVE`] where the document's customer is still to be asked for.
pub(super) static CUSTOMER_GUARD: Statement = Statement::new(
    "pre-flight: the customer a document makes (in one text with the reservation)",
    "SELECT on the tables it names (role connect_agent)",
    "SELECT @connect_kept = -1 FROM dbo.RM00101 WITH (READPAST) \
     WHERE CUSTNMBR = @connect_customer \
     AND (INACTIVE <> 0 OR (HOLD <> 0 AND @connect_hold_accepted = 0)); \
     IF @connect_kept = -1 RETURN; ",
);
/// One text for each counter: `{number}` is the call that takes the number.
pub(super) static JOURNAL_RESERVE: Statement = Statement::new(
    "journal: take an effect key and reserve its number",
    "INSERT, UPDATE on schema connect, EXECUTE on the number procedure (role connect_agent)",
    "SET XACT_ABORT ON; BEGIN TRAN; \
     INSERT INTO connect.Journal \
     (EffectKey, State, CommandId, DocumentType, PayloadHash, Revision, Numbers, ReservedAt) \
     VALUES (@connect_effect_key, 0, '', @connect_document_type, @connect_payload_hash, \
     @connect_revision, '', GETUTCDATE()); \
     SET @connect_journal_id = SCOPE_IDENTITY(); \
     IF @connect_journal_id > @connect_known \
     {number}; \
     IF @connect_return_code = 0 AND ISNULL(@O_iErrorState, 0) = 0 \
     AND LTRIM(RTRIM(ISNULL(@connect_number, ''))) <> '' AND @@TRANCOUNT = 1 AND XACT_STATE() = 1 \
     BEGIN \
     UPDATE connect.Journal \
     SET Numbers = @connect_before + LTRIM(RTRIM(@connect_number)) + @connect_after \
     WHERE JournalId = @connect_journal_id; \
     SET @connect_kept = @@ROWCOUNT; \
     COMMIT TRAN; \
     END \
     ELSE IF @@TRANCOUNT > 0 ROLLBACK TRAN",
);
/// Stands before the first call of a document whose row is there.
pub(super) static JOURNAL_TAKE: Statement = Statement::new(
    "journal: take a reserved row (in one text with the first call)",
    JOURNAL,
    "UPDATE connect.Journal SET CommandId = @connect_command_id, \
     PayloadHash = @connect_payload_hash, DocumentType = @connect_document_type, \
     Revision = @connect_revision \
     WHERE EffectKey = @connect_effect_key AND State = 0; \
     SET @connect_taken = @@ROWCOUNT; ",
);
pub(super) static JOURNAL_REVISE: Statement = Statement::new(
    "journal: take the row of an older revision (in one text with the first call)",
    JOURNAL,
    "UPDATE connect.Journal SET State = 0, CommandId = @connect_command_id, \
     PayloadHash = @connect_payload_hash, DocumentType = @connect_document_type, \
     Revision = @connect_revision \
     WHERE EffectKey = @connect_effect_key AND (State = 0 OR Revision < @connect_revision); \
     SET @connect_taken = @@ROWCOUNT; ",
);
/// Stands behind the last call, which must have been accepted with the transaction in order.
pub(super) static JOURNAL_COMMIT: Statement = Statement::new(
    "journal: record the effect (in one text with the last call)",
    JOURNAL,
    "; IF @connect_return_code = 0 AND @connect_transaction = 11{accepted} \
     BEGIN \
     UPDATE connect.Journal SET State = 1, Numbers = @connect_numbers, Answer = @connect_answer, \
     CommittedAt = GETUTCDATE() \
     WHERE EffectKey = @connect_effect_key AND State = 0 AND CommandId = @connect_command_id; \
     SET @connect_recorded = @@ROWCOUNT; \
     END",
);
pub(super) static JOURNAL_FIND: Statement = Statement::new(
    "journal: look up an effect key",
    JOURNAL,
    "SELECT JournalId, State, CommandId, PayloadHash, Revision, Numbers, Answer \
     FROM connect.Journal WITH (READCOMMITTEDLOCK) WHERE EffectKey = CAST(@P1 AS varchar(200))",
);
pub(super) static JOURNAL_HIGHEST: Statement = Statement::new(
    "journal: highest committed number",
    JOURNAL,
    "SELECT MAX(JournalId) FROM connect.Journal WITH (READPAST) WHERE State = 1",
);
pub(super) static JOURNAL_NEWEST: Statement = Statement::new(
    "journal: newest number, committed or not",
    JOURNAL,
    "SELECT MAX(JournalId) FROM connect.Journal WITH (NOLOCK)",
);
pub(super) static SCHEMA_PRESENT: Statement = Statement::new(
    "binding: is the schema there",
    NONE,
    "SELECT OBJECT_ID('connect.Journal'), OBJECT_ID('connect.Binding')",
);
pub(super) static SERVER_IDENTITY: Statement = Statement::new(
    "binding: server and database",
    NONE,
    "SELECT CAST(SERVERPROPERTY('ServerName') AS nvarchar(128)), DB_NAME()",
);
pub(super) static RECOVERY_FORK: Statement = Statement::new(
    "binding: recovery fork",
    "VIEW ANY DEFINITION (optional; without it a restore shows by the journal only)",
    "SELECT CAST(recovery_fork_guid AS varchar(36)) FROM sys.database_recovery_status \
     WHERE database_id = DB_ID()",
);
pub(super) static BINDING_FIND: Statement = Statement::new(
    "binding: read",
    JOURNAL,
    "SELECT Environment, Company, ServerName, DatabaseName, RecoveryFork, Incarnation \
     FROM connect.Binding WHERE BindingId = 1",
);
pub(super) static BINDING_INSERT: Statement = Statement::new(
    "binding: bind the company",
    JOURNAL,
    "INSERT INTO connect.Binding (BindingId, Environment, Company, ServerName, DatabaseName, \
     RecoveryFork, Incarnation, BoundAt) VALUES (1, @P1, @P2, @P3, @P4, @P5, @P6, GETUTCDATE())",
);
pub(super) static BINDING_UPDATE: Statement = Statement::new(
    "binding: bind the company again (owner's choice)",
    JOURNAL,
    "UPDATE connect.Binding SET Environment = @P1, Company = @P2, ServerName = @P3, \
     DatabaseName = @P4, RecoveryFork = @P5, Incarnation = @P6, BoundAt = GETUTCDATE() \
     WHERE BindingId = 1",
);
pub(super) static PROCEDURE_PARAMETERS: Statement = Statement::new(
    "procedures: parameters",
    METADATA,
    "SELECT p.name, TYPE_NAME(p.user_type_id), p.max_length, p.precision, p.scale, p.is_output \
     FROM sys.all_parameters p WHERE p.object_id = OBJECT_ID(@P1) ORDER BY p.parameter_id",
);
pub(super) static PROCEDURES: Statement = Statement::new(
    "procedures: names",
    METADATA,
    "SELECT name FROM sys.procedures WHERE name LIKE 'ta%' ORDER BY name",
);
pub(super) static ERROR_CODE: Statement = Statement::new(
    "errors: GP's own words",
    SYSTEM_READ,
    "SELECT SourceProc, ErrorDesc, ErrorKeyFields, ErrorParms \
     FROM {system}.dbo.taErrorCode WHERE ErrorCode = @P1",
);
pub(super) static COMPANY_NAME: Statement = Statement::new(
    "companies: name",
    SYSTEM_READ,
    "SELECT CMPNYNAM FROM {system}.dbo.SY01500 WHERE INTERID = CAST(@P1 AS char(5))",
);
pub(super) static SERVER_CLOCK: Statement =
    Statement::new("doctor: server clock", NONE, "SELECT GETUTCDATE()");
pub(super) static SERVER_VERSION: Statement = Statement::new(
    "doctor: version and login",
    NONE,
    "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), SUSER_SNAME()",
);
pub(super) static RIGHT_ON_OBJECT: Statement = Statement::new(
    "doctor: is a right there",
    NONE,
    "SELECT HAS_PERMS_BY_NAME(@P1, 'OBJECT', @P2)",
);
/// The procedure that runs a text with parameters of declared types.
pub(super) const RUN_TEXT: &str = "sp_executesql";
/// The procedure that prepares a text with parameters of declared types, and runs it.
pub(super) const PREPARE_AND_RUN: &str = "sp_prepexec";
/// The procedure that runs a text again by the handle it was given.
pub(super) const RUN_PREPARED: &str = "sp_execute";
/// Return code of the called procedure, as an output of the text.
pub(super) const RETURN_CODE: &str = "@connect_return_code";
/// Ten for each open transaction after the call, and its `XACT_STATE`: 11 is ours, in order.
pub(super) const TRANSACTION: &str = "@connect_transaction";

/// What proves that a call was made in a transaction that stands.
pub(super) const PROOFS: [&str; 2] = [RETURN_CODE, TRANSACTION];
/// The identity a reserved row was given.
pub(super) const JOURNAL_ID: &str = "@connect_journal_id";
/// 1 when the number was kept in the row and both were committed; -1 when the customer does not
/// take the document.
pub(super) const KEPT: &str = "@connect_kept";
/// Rows taken before the first call; only one of them is ours.
pub(super) const TAKEN: &str = "@connect_taken";
/// Rows recorded behind the last call.
pub(super) const RECORDED: &str = "@connect_recorded";

/// Declarations of the parameters that name the effect and its attempt.
const IDENTITY: &str = "@connect_effect_key varchar(200), @connect_command_id char(36)";
const ATTEMPT: &str = "@connect_payload_hash char(64), @connect_document_type varchar(60), \
     @connect_revision bigint";
/// Declarations of the text that reserves, before those of the number.
const RESERVE: &str = "@connect_effect_key varchar(200), \
     @connect_payload_hash char(64), @connect_document_type varchar(60), @connect_revision bigint, \
     @connect_known bigint, @connect_before varchar(500), @connect_after varchar(500), \
     @connect_journal_id bigint OUTPUT, @connect_kept int OUTPUT";

const GUARD: &str = ", @connect_customer char(15), @connect_hold_accepted bit";

/// Declarations of the text that reserves.
pub(super) fn reserve_declarations(guarded: bool) -> &'static str {
    static TEXTS: LazyLock<[String; 2]> = LazyLock::new(|| {
        let bare = [RESERVE, ", ", NUMBER_DECLARATIONS].concat();
        [bare.clone(), bare + GUARD]
    });
    &TEXTS[usize::from(guarded)]
}

/// The call as `connect-agent sql` prints it.
pub fn procedure_line(procedure: &str) -> String {
    procedure_call(
        procedure,
        ["@I_v...", "..."].into_iter(),
        ["..."].into_iter(),
    )
}

/// How alike calls stand in one text, two to eight of them, as `connect-agent sql` shows it.
pub fn several_line() -> String {
    let outputs = ["@O_iErrorState", "@oErrString"].map(str::to_owned);
    procedure_calls("procedure", &["@I_v..."], &outputs, 2)
}

/// Lets the agent's role call a procedure that is there, as the set-up script does.
pub fn grant(procedure: &str) -> String {
    format!(
        "IF OBJECT_ID('dbo.{procedure}') IS NOT NULL\nBEGIN\n    \
         GRANT EXECUTE ON dbo.{procedure} TO connect_agent;\nEND\nGO"
    )
}

/// Everything the agent can send, as batches that a server compiles without running them.
///
/// Parameters become variables; what stands in one text with a call is compiled around one.
pub(super) fn compilable(system_database: &str) -> Vec<(&'static str, String)> {
    let around = [&JOURNAL_TAKE, &JOURNAL_REVISE];
    let inside = [
        &CUSTOMER_GUARD,
        &JOURNAL_RESERVE,
        &JOURNAL_COMMIT,
        &BATCH_CHECK,
        &COMPILE_ONLY,
        &SESSION,
    ];
    let numbers = Counter::ALL.map(number);
    let plain = ALL.iter().filter(|statement| {
        let known = around.iter().chain(&inside).chain(&numbers);
        !known.copied().any(|each| std::ptr::eq(each, **statement))
    });
    let numbered = (1..=MANY).map(|n| format!("@P{n} nvarchar(4000)"));
    let numbered = numbered.collect::<Vec<_>>().join(", ");
    let mut batches: Vec<_> = plain
        .map(|statement| {
            let text = statement.text(system_database);
            (statement.name, declared(&numbered, &text))
        })
        .collect();
    for counter in Counter::ALL {
        let statement = number(counter);
        batches.push((statement.name, declared(NUMBER_DECLARATIONS, statement.sql)));
    }
    // Only the number's call differs, and each of those was compiled.
    for (statement, guarded) in [(&JOURNAL_RESERVE, false), (&CUSTOMER_GUARD, true)] {
        let text = reserve(Counter::Sop, guarded);
        batches.push((
            statement.name,
            declared(reserve_declarations(guarded), text),
        ));
    }
    let call = procedure_call("taGetSopNumber", [].into_iter(), [].into_iter());
    let proofs = PROOFS.map(|name| format!("{name} int")).join(", ");
    let outputs = ["@O_iErrorState", "@oErrString"].map(str::to_owned);
    let inputs = ["@I_tSOPTYPE", "@I_cDOCID"];
    let several = procedure_calls("taGetSopNumber", &inputs, &outputs, 2);
    let places = (0..4).map(|place| format!("{} varchar(15)", input(place)));
    let places = places.collect::<Vec<_>>().join(", ");
    let told = "@O_iErrorState int, @oErrString varchar(255)";
    let declarations = format!("{places}, {told}, {proofs}, {MADE} int");
    batches.push((
        "procedure calls: several",
        declared(&declarations, &several),
    ));
    for first in around {
        let around = Around {
            first: Some(first),
            batch: true,
            last: true,
        };
        let text = around.text(&call, &[], system_database);
        batches.push((first.name, declared(&around.declarations(&proofs), &text)));
    }
    batches
}

fn declared(declarations: &str, text: &str) -> String {
    let declarations = declarations.replace(" OUTPUT", "");
    format!("DECLARE {declarations}; {text}")
}

/// All of them, in the order `connect-agent sql` prints.
pub static ALL: &[&Statement] = &[
    &SESSION,
    &COMPILE_ONLY,
    &DESCRIBE,
    &TRANSACTION_STATE,
    &JOURNAL_INSERT,
    &JOURNAL_NUMBERS,
    &NUMBER_SOP,
    &NUMBER_JOURNAL,
    &NUMBER_VOUCHER,
    &NUMBER_RECEIVABLE,
    &NUMBER_INVENTORY,
    &CUSTOMER_GUARD,
    &JOURNAL_RESERVE,
    &JOURNAL_TAKE,
    &JOURNAL_REVISE,
    &BATCH_CHECK,
    &BATCH_STATE,
    &JOURNAL_COMMIT,
    &JOURNAL_FIND,
    &JOURNAL_HIGHEST,
    &JOURNAL_NEWEST,
    &SCHEMA_PRESENT,
    &SERVER_IDENTITY,
    &RECOVERY_FORK,
    &BINDING_FIND,
    &BINDING_INSERT,
    &BINDING_UPDATE,
    &PROCEDURE_PARAMETERS,
    &PROCEDURES,
    &CUSTOMERS,
    &VENDORS,
    &ITEMS,
    &DISCONTINUED,
    &UNITS,
    &SITES,
    &SALESPEOPLE,
    &ACCOUNTS,
    &TAX_DETAILS,
    &PERIODS,
    &EXCHANGE_TABLES,
    &STAMPED_ITEMS,
    &STAMPED_PRICE_OPTIONS,
    &STAMPED_PRICES,
    &STAMPED_CUSTOMERS,
    &STAMPED_BALANCES,
    &OLDEST_OPEN,
    &STAMPED_SALES_WORK,
    &STAMPED_SALES_HISTORY,
    &STAMPED_OPEN_RECEIVABLES,
    &STAMPED_PAID_RECEIVABLES,
    &NEW_TRACKING_NUMBERS,
    &NEWEST_TRACKING_NUMBER,
    &TRACKED_ITEMS,
    &TRACKED_QUANTITIES,
    &TRACKED_PRICE_OPTIONS,
    &TRACKED_PRICES,
    &TRACKED_LIST_PRICES,
    &TRACKED_CUSTOMERS,
    &TRACKED_BALANCES,
    &TRACKED_SALES_WORK,
    &TRACKED_SALES_HISTORY,
    &TRACKED_HOLDS,
    &TRACKED_TRACKING_NUMBERS,
    &TRACKED_USER_DEFINED,
    &TRACKED_OPEN_RECEIVABLES,
    &TRACKED_PAID_RECEIVABLES,
    &TRACKED_APPLIED,
    &TRACKED_APPLIED_HISTORY,
    &TRACKED_TABLES,
    &ERROR_CODE,
    &COMPANY_NAME,
    &SERVER_CLOCK,
    &SERVER_VERSION,
    &RIGHT_ON_OBJECT,
];

#[cfg(test)]
mod tests;
