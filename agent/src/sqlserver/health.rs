//! What `doctor` finds out about a company: login, rights, schema, procedures, clock, version.

use connect_proto::econnect::catalogue;
use connect_proto::tunnel::v1::CompanyState;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::company::Company;
use super::compile;
use super::connection::SqlConnection;
use super::error::SqlError;
use super::numbers::Counter;
use super::plan::PROCESS_INFO;
use super::procedures::Shape;
use super::proving;
use super::queries::{self, Oldest, Reach, WATCHED, Watched};
use super::reply::Cell;
use super::statements;

/// Transaction types the agent is made for; others work too, once their procedures are granted.
const SERVED: [&str; 31] = [
    "SOPTransactionType",
    "SOPVoidDocumentType",
    "SOPDeleteDocumentType",
    "SOPDeleteLineType",
    "SOPDistributionsType",
    "SOPProcessHoldType",
    "SOPProcessHoldMasterType",
    "RMCustomerMasterType",
    "RMCustomerAddressType",
    "CMPInternetAddressType",
    "RMCashReceiptsType",
    "RMApplyType",
    "RMUnapplyTransactionType",
    "RMTransactionType",
    "RMVoidTransactionType",
    "GLTransactionType",
    "IVItemMasterType",
    "IVCreateItemPriceListType",
    "IVCreateItemCurrencyType",
    "IVCreatePriceLevelType",
    "IVInventoryItemSiteType",
    "IVVendorItemType",
    "IVInventoryTransactionType",
    "IVInventoryTransferType",
    "PMTransactionType",
    "PMManualCheckType",
    "PMVendorMasterType",
    "BRBankTransactionType",
    "BRBankTransactionVoidType",
    "BRBankDepositsType",
    "SMTransactionBatchType",
];
const CLOCK_TOLERANCE_MS: i64 = 60_000;

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub name: String,
    pub passed: bool,
    pub detail: String,
    /// What to do, when it did not pass.
    pub repair: String,
}

impl Finding {
    pub fn passed(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            passed: true,
            detail: detail.into(),
            repair: String::new(),
        }
    }

    pub fn failed(
        name: impl Into<String>,
        detail: impl Into<String>,
        repair: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            passed: false,
            detail: detail.into(),
            repair: repair.into(),
        }
    }
}

/// The procedures that documents of the served types may call, and those that give numbers.
pub fn served_procedures() -> Vec<&'static str> {
    let mut names: Vec<_> = SERVED.into_iter().flat_map(procedures_of).collect();
    names.extend(Counter::ALL.map(Counter::procedure));
    names.sort_unstable();
    names.dedup();
    names
}

/// The procedures that documents of a transaction type may call; none for an unknown type.
pub fn procedures_of(kind: &str) -> impl Iterator<Item = &'static str> {
    let children = catalogue::transaction_type(kind).map_or(&[][..], |kind| kind.children);
    let nodes = children.iter().map(|child| child.node);
    nodes.filter(|node| *node != PROCESS_INFO).map(|node| {
        catalogue::node(node)
            .and_then(|spec| spec.procedure)
            .unwrap_or(node)
    })
}

/// Has the server compile every statement, and compares the columns that queries would give;
/// nothing is run or written.
pub async fn verify_sql(company: &Company) -> Finding {
    compile::examine(company, format!("{}: statements", company.database())).await
}

/// Examines one company database; `now_unix_ms` is the agent's clock.
pub async fn examine(company: &Company, now_unix_ms: i64) -> Vec<Finding> {
    let name = |what: &str| format!("{}: {what}", company.database());
    let mut lease = match company.fresh_lease().await {
        Ok(lease) => lease,
        Err(error) => return vec![no_connection(name("connection"), &error)],
    };
    let connection = &mut lease.connection;
    let mut findings = Vec::new();
    findings.push(version(connection, name("connection")).await);
    findings.push(clock(connection, name("clock"), now_unix_ms).await);
    for (object, right) in [
        ("connect.Journal", "SELECT"),
        ("connect.Journal", "INSERT"),
        ("connect.Journal", "UPDATE"),
        ("connect.Binding", "SELECT"),
        ("connect.Binding", "INSERT"),
        ("connect.Binding", "UPDATE"),
        ("dbo.SY00500", "SELECT"),
        ("dbo.PM00200", "SELECT"),
    ] {
        let finding = name(&format!("{right} on {object}"));
        findings.push(right_on(connection, finding, (object, right), ROLE).await);
    }
    findings.extend(system_rights(connection, name).await);
    findings.push(verify_sql(company).await);
    for procedure in served_procedures() {
        let finding = name(&format!("procedure {procedure}"));
        if let Some(finding) = procedure_finding(company, connection, finding, procedure).await {
            findings.push(finding);
        }
    }
    lease.give_back();
    for watched in WATCHED {
        findings.push(watcher(company, watched, name("watcher")).await);
    }
    findings.push(transactions(company, name("open transactions")).await);
    company.check().await;
    findings.push(binding(company, name("binding")));
    findings
}

fn no_connection(name: String, error: &SqlError) -> Finding {
    let repair = match error {
        SqlError::Unreachable(_) => {
            "Check gp.server, that SQL Server runs and takes TCP connections, and the firewall."
        }
        SqlError::Tls(problem) => problem.repair(),
        SqlError::LoginRefused(_) => {
            "Check the login, its password (`enroll --sql-password-file`) and that it is a user of \
             the company database."
        }
        SqlError::Server { .. } | SqlError::Broken(_) | SqlError::Unexpected(_) => LOOK,
    };
    Finding::failed(name, error.to_string(), repair)
}

async fn version(connection: &mut SqlConnection, name: String) -> Finding {
    match connection
        .query_one(&statements::SERVER_VERSION, Vec::new())
        .await
    {
        Ok(row) => {
            let text = |at: usize| {
                let cell = row.as_ref().and_then(|row| row.get(at));
                cell.and_then(Cell::text).unwrap_or("unknown").to_owned()
            };
            Finding::passed(
                name,
                format!("SQL Server {}, logged in as {}", text(0), text(1)),
            )
        }
        Err(error) => no_connection(name, &error),
    }
}

async fn clock(connection: &mut SqlConnection, name: String, now_unix_ms: i64) -> Finding {
    let row = connection
        .query_one(&statements::SERVER_CLOCK, Vec::new())
        .await;
    let Ok(Some([Cell::DateTime(server)])) = row.as_ref().map(|row| row.as_deref()) else {
        return Finding::failed(
            name,
            "The server does not tell its time.",
            "See its error log.",
        );
    };
    let ahead = unix_ms(*server) - now_unix_ms;
    let detail = format!("The server's clock is {ahead} ms ahead of this machine's.");
    if ahead.abs() <= CLOCK_TOLERANCE_MS {
        return Finding::passed(name, detail);
    }
    Finding::failed(name, detail, "Set both machines to the same time source.")
}

fn unix_ms(moment: PrimitiveDateTime) -> i64 {
    let since = moment.assume_utc() - OffsetDateTime::UNIX_EPOCH;
    i64::try_from(since.whole_milliseconds()).unwrap_or(i64::MAX)
}

/// How a watcher would notice changes on this server; one look is taken.
async fn watcher(company: &Company, watched: &Watched, name: String) -> Finding {
    let name = format!("{name} {}", watched.name);
    let look = async {
        let by = queries::choose(company, watched).await?;
        let mark = queries::newest(company, watched, by).await?;
        queries::noticed(company, watched, by, mark, Reach::Narrow).await?;
        Ok::<_, SqlError>(by)
    };
    match look.await {
        Ok(by) => Finding::passed(name, by.text()),
        Err(error) => Finding::failed(name, error.to_string(), ROLE),
    }
}

/// Without sight of them nothing is lost for good, only told late: that is the owner's choice.
async fn transactions(company: &Company, name: String) -> Finding {
    let oldest = async {
        let mut lease = company.lease().await?;
        let oldest = queries::oldest_open(&mut lease.connection).await?;
        lease.give_back();
        Ok::<_, SqlError>(oldest)
    };
    let detail = match oldest.await {
        Ok(Oldest::Unseen) => {
            "not seen: what a transaction changes that is open for more than half an hour shows \
             with the full read. `GRANT VIEW SERVER STATE TO [login]` in master lets looks reach back to it."
        }
        Ok(Oldest::None) => "looks reach back to the oldest; none is open now",
        Ok(Oldest::Seconds(age)) => {
            let detail = format!("looks reach back to the oldest, open for {age} s");
            return Finding::passed(name, detail);
        }
        Err(error) => return no_connection(name, &error),
    };
    Finding::passed(name, detail)
}

const ROLE: &str = "Run the script of `connect-agent sql --install-script` and add the agent's \
                    user to role connect_agent.";

const READ: &str = "SELECT";

/// GP's own words and company names are read in the system database.
async fn system_rights(
    connection: &mut SqlConnection,
    name: impl Fn(&str) -> String,
) -> Vec<Finding> {
    let system = connection.system_database().to_owned();
    let mut findings = Vec::new();
    let tables = [
        "taErrorCode",
        "SY01500",
        "SY00800",
        "MC40200",
        "MC40300",
        "MC00100",
    ];
    for table in tables {
        let object = format!("{system}.dbo.{table}");
        let finding = name(&format!("{READ} on {object}"));
        let repair = format!(
            "In {system}: CREATE USER for the agent's login and GRANT SELECT ON dbo.{table} to it. \
             Check gp.system_database if GP's system database has another name."
        );
        findings.push(right_on(connection, finding, (&object, READ), &repair).await);
    }
    findings
}

async fn right_on(
    connection: &mut SqlConnection,
    name: String,
    (object, right): (&str, &str),
    repair: &str,
) -> Finding {
    let parameters = vec![object.into(), right.into()];
    match connection
        .query_one(&statements::RIGHT_ON_OBJECT, parameters)
        .await
    {
        Ok(row) => match row.as_deref() {
            Some([Cell::Int(1)]) => Finding::passed(name, "granted"),
            Some([Cell::Int(_)]) => Finding::failed(name, "not granted", repair),
            _ => Finding::failed(name, "the object is not there, or may not be seen", repair),
        },
        Err(error) => Finding::failed(name, error.to_string(), repair),
    }
}

/// A procedure this GP version does not have is only worth a word when it is a core one.
async fn procedure_finding(
    company: &Company,
    connection: &mut SqlConnection,
    name: String,
    procedure: &str,
) -> Option<Finding> {
    const CORE: [&str; 6] = [
        "taSopHdrIvcInsert",
        "taSopLineIvcInsert",
        "taSopLineIvcTaxInsert",
        "taUpdateCreateCustomerRcd",
        "taCreateCustomerAddress",
        "taGetSopNumber",
    ];
    let object = format!("dbo.{procedure}");
    let right = right_on(connection, name.clone(), (&object, "EXECUTE"), ROLE).await;
    if !right.passed {
        return CORE.contains(&procedure).then_some(right);
    }
    let shape = match company.shapes_of(&[procedure]).await {
        Ok(mut shapes) => shapes.remove(procedure).flatten(),
        Err(error) => return Some(Finding::failed(name, error.to_string(), LOOK)),
    };
    let Some(shape) = shape else {
        let detail = "its parameters may not be seen";
        return Some(Finding::failed(name, detail, GRANT));
    };
    let lacks = lacking(procedure, &shape).join(", ");
    Some(
        match proving::missing_right(connection, procedure, &shape).await {
            Ok(None) if lacks.is_empty() => {
                Finding::passed(name, "may be executed, and is as in the catalogue")
            }
            Ok(None) => {
                let detail = format!("may be executed; this server's version has no {lacks}");
                Finding::passed(name, format!("{detail}; documents with these are refused"))
            }
            Ok(Some(denied)) => Finding::failed(name, format!("called: {denied}"), DYNGRP),
            Err(error) if error.is_lock() => Finding::failed(name, error.to_string(), BUSY),
            Err(error) => Finding::failed(name, error.to_string(), LOOK),
        },
    )
}

/// Elements of the catalogue that a procedure on the server does not have.
fn lacking(procedure: &str, shape: &Shape) -> Vec<&'static str> {
    let elements = catalogue::node(procedure).map_or(&[][..], |spec| spec.elements);
    let names = elements.iter().map(|element| element.name);
    names
        .filter(|name| shape.of_element(name).is_none())
        .collect()
}

const LOOK: &str = "See the agent's log and the server's error log.";
const BUSY: &str = "Somebody is at work in GP just now: run the doctor again.";
const DYNGRP: &str = "GP's procedure, or code of a partner behind it, reaches what the agent's role \
                      may not. Grant the right to role connect_agent, or give the role GP's own: \
                      `connect-agent sql --install-script --rights dyngrp`.";
const GRANT: &str = "Grant the agent's role EXECUTE on the procedure.";

fn binding(company: &Company, name: String) -> Finding {
    let report = company.report();
    match company.state() {
        CompanyState::Ready => Finding::passed(name, "the company is the one that was bound"),
        CompanyState::Unspecified
        | CompanyState::Unreachable
        | CompanyState::LoginRefused
        | CompanyState::NotPrepared
        | CompanyState::Restored
        | CompanyState::Copied => {
            Finding::failed(name, company.state().as_str_name(), report.detail)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_install_script_grants_every_procedure_the_agent_calls() {
        let script = include_str!("../../../installer/sql/connect.sql");
        for procedure in served_procedures() {
            let grant = format!("GRANT EXECUTE ON dbo.{procedure} TO connect_agent;");
            assert!(script.contains(&grant), "no grant for {procedure}");
        }
    }
}
