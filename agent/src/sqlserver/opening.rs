//! How an attempt comes by its journal row and its document numbers.

use connect_proto::tunnel::v1::{ErrorClass, Failure};

use super::answer::recorded;
use super::connection::SqlConnection;
use super::econnect::Stop;
use super::journal::{self, Reservation, Taken};
use super::numbers::{self, NoNumber, Reserved};
use super::plan::NumberWanted;
use super::refusal::{Refused, Verdict, failure};
use super::reply::Called;
use super::statements::{self, Statement};
use super::writing::{Begun, Numbering, Opening, Run, busy, busy_failure, vanished};
use crate::crash;

impl Run<'_> {
    /// Opens the writing transaction; what is written first in it is the journal row.
    pub(super) async fn open(
        &self,
        connection: &mut SqlConnection,
        numbering: &mut Numbering,
    ) -> Result<Opening, Stop> {
        let known = self.company.highest_journal();
        match self.plan.numbers.as_slice() {
            _ if self.request.gapless => self.open_writing(connection, known, numbering).await,
            [] => self.open_writing(connection, known, numbering).await,
            [wanted] => {
                self.open_reserving(connection, wanted, known, numbering)
                    .await
            }
            _ => self.open_reserving_all(connection, known, numbering).await,
        }
    }

    /// Without numbers, or with gapless ones, everything is in one transaction.
    async fn open_writing(
        &self,
        connection: &mut SqlConnection,
        known: i64,
        numbering: &mut Numbering,
    ) -> Result<Opening, Stop> {
        connection.begin().await?;
        match journal::insert(connection, &self.entry(), true).await? {
            Taken::Blocked => Err(busy()),
            Taken::Exists => self.open_existing(connection, numbering).await,
            Taken::Row(journal_id) => {
                self.check_mark(journal_id, known).await?;
                Ok(Opening::Begun(Begun {
                    journal_id,
                    numbers: self.take_numbers(connection).await?,
                    first: None,
                }))
            }
        }
    }

    /// Key and number are reserved and committed in one round trip.
    async fn open_reserving(
        &self,
        connection: &mut SqlConnection,
        wanted: &NumberWanted,
        mut known: i64,
        numbering: &mut Numbering,
    ) -> Result<Opening, Stop> {
        loop {
            match journal::reserve(connection, &self.entry(), wanted, known, self.guard).await? {
                Reservation::Kept { journal_id, number } => {
                    crash::point("agent.number.reserved");
                    let numbers = vec![number];
                    return begin(connection, journal_id, numbers, &statements::JOURNAL_TAKE).await;
                }
                Reservation::Exists => return self.open_existing(connection, numbering).await,
                Reservation::Blocked => return Err(busy()),
                Reservation::Guarded => return Err(Stop::Guarded),
                Reservation::Older => {
                    self.recheck().await?;
                    known = 0;
                }
                Reservation::Refused(called) => {
                    return Err(self.no_number(connection, wanted, &called).await);
                }
            }
        }
    }

    /// Several numbers are taken one after another, and committed with the row.
    async fn open_reserving_all(
        &self,
        connection: &mut SqlConnection,
        known: i64,
        numbering: &mut Numbering,
    ) -> Result<Opening, Stop> {
        connection.begin().await?;
        match journal::insert(connection, &self.entry(), false).await? {
            Taken::Blocked => Err(busy()),
            Taken::Exists => self.open_existing(connection, numbering).await,
            Taken::Row(journal_id) => {
                self.check_mark(journal_id, known).await?;
                let numbers = self.reserve(connection).await?;
                begin(connection, journal_id, numbers, &statements::JOURNAL_TAKE).await
            }
        }
    }

    /// Numbers only grow; one seen before means the database went back in time.
    async fn check_mark(&self, journal_id: i64, known: i64) -> Result<(), Stop> {
        if journal_id > known {
            return Ok(());
        }
        self.recheck().await
    }

    async fn recheck(&self) -> Result<(), Stop> {
        let checked = self.company.recheck().await;
        checked.map_err(|failure| Stop::Failed(Box::new(failure)))
    }

    /// Takes the numbers and commits them with the row, so that retries use them again.
    async fn reserve(&self, connection: &mut SqlConnection) -> Result<Vec<Reserved>, Stop> {
        let numbers = self.take_numbers(connection).await?;
        let text = numbers::to_journal(&numbers);
        if !journal::keep_numbers(connection, self.request.effect_key, text).await? {
            return Err(vanished());
        }
        connection.commit().await?;
        crash::point("agent.number.reserved");
        Ok(numbers)
    }

    /// The key is known: the effect is there, or an earlier attempt got no further than its numbers.
    async fn open_existing(
        &self,
        connection: &mut SqlConnection,
        numbering: &mut Numbering,
    ) -> Result<Opening, Stop> {
        connection.rollback_if_open().await?;
        let found = match journal::find(connection, self.request.effect_key).await {
            Ok(found) => found,
            Err(error) if error.number() == Some(1222) => return Err(busy()),
            Err(error) => return Err(error.into()),
        };
        let Some(row) = found else {
            return Err(Stop::Locked(Box::new(busy_failure())));
        };
        if row.committed {
            return self.open_committed(connection, &row).await;
        }
        let mut kept = numbers::from_journal(&row.numbers);
        let fit = numbers::fit(&kept, &self.plan.numbers);
        if !fit || *numbering == Numbering::Renew {
            connection.begin().await?;
            kept = self.reserve(connection).await?;
            if *numbering == Numbering::Renew {
                *numbering = Numbering::Renewed;
            }
        }
        begin(connection, row.journal_id, kept, &statements::JOURNAL_TAKE).await
    }

    async fn open_committed(
        &self,
        connection: &mut SqlConnection,
        row: &journal::Row,
    ) -> Result<Opening, Stop> {
        if !self.request.update || row.revision == self.request.revision {
            return Ok(Opening::Done(recorded(
                self.company,
                self.request,
                row,
                true,
            )));
        }
        if row.revision > self.request.revision {
            let message = format!(
                "Revision {} is older than the recorded revision {}.",
                self.request.revision, row.revision
            );
            let failure = failure(ErrorClass::BusinessRule, "older_revision", message);
            return Err(Stop::Failed(Box::new(failure)));
        }
        let kept = numbers::from_journal(&row.numbers);
        if !numbers::fit(&kept, &self.plan.numbers) {
            return Err(Stop::Failed(Box::new(other_number(&kept))));
        }
        begin(
            connection,
            row.journal_id,
            kept,
            &statements::JOURNAL_REVISE,
        )
        .await
    }

    async fn take_numbers(&self, connection: &mut SqlConnection) -> Result<Vec<Reserved>, Stop> {
        let mut taken = Vec::with_capacity(self.plan.numbers.len());
        for wanted in &self.plan.numbers {
            match numbers::take(connection, wanted).await {
                Ok(reserved) => taken.push(reserved),
                Err(NoNumber::Sql(error)) => return Err(error.into()),
                Err(NoNumber::Refused(called)) => {
                    return Err(self.no_number(connection, wanted, &called).await);
                }
            }
        }
        Ok(taken)
    }

    async fn no_number(
        &self,
        connection: &mut SqlConnection,
        wanted: &NumberWanted,
        called: &Called,
    ) -> Stop {
        let refused = Refused {
            node: self.header_of(wanted.transaction),
            path: &self.request.document.path(wanted.transaction),
            procedure: wanted.counter.procedure(),
            verdict: Verdict::of(called).or_code(called.return_code),
        };
        self.refused(connection, &refused).await
    }
}

/// The row is there and committed; the first call's text takes it.
async fn begin(
    connection: &mut SqlConnection,
    journal_id: i64,
    numbers: Vec<Reserved>,
    first: &'static Statement,
) -> Result<Opening, Stop> {
    connection.begin().await?;
    Ok(Opening::Begun(Begun {
        journal_id,
        numbers,
        first: Some(first),
    }))
}

/// An update writes the document it wrote before, or none.
fn other_number(kept: &[Reserved]) -> Failure {
    let known: Vec<_> = kept.iter().map(|kept| kept.number.as_str()).collect();
    let message = match known.as_slice() {
        [] => "The document was recorded with a number of its own; name it.".to_owned(),
        known => format!(
            "The recorded document has number {}, of another type or document id than the update \
             asks for. Ask for the same ones.",
            known.join(", ")
        ),
    };
    failure(ErrorClass::BusinessRule, "recorded_number", message)
}
