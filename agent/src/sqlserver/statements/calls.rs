//! The text of a procedure call, with what stands around it in the same round trip.

use super::{
    ATTEMPT, IDENTITY, JOURNAL_COMMIT, RECORDED, RETURN_CODE, Statement, TAKEN, TRANSACTION,
};

/// Stands before the call that puts a document into its batch, and locks the batch: a posting
/// that begins now waits for the document. eConnect itself does not ask.
///
/// 1: it is being posted or in error; 2: it is marked to be posted; 3: somebody is at work in it.
pub(crate) static BATCH_CHECK: Statement = Statement::new(
    "batch: may a document join it (in one text with the call)",
    "SELECT on SY00500 of the company and on SY00800 of the system database",
    "SELECT @connect_batch = CASE WHEN b.BCHSTTUS <> 0 THEN 1 WHEN b.MKDTOPST <> 0 THEN 2 \
     WHEN EXISTS (SELECT 1 FROM {system}.dbo.SY00800 a WHERE a.BCHSOURC = b.BCHSOURC \
     AND a.BACHNUMB = b.BACHNUMB \
     AND (a.CMPNYNAM = @connect_company_name OR @connect_company_name = '')) \
     THEN 3 ELSE 0 END \
     FROM dbo.SY00500 b WITH (UPDLOCK) \
     WHERE b.BCHSOURC = @connect_batch_source AND b.BACHNUMB = @connect_batch_number; ",
);
/// Asks the same for a document that does not get as far, without locking anything.
pub(crate) static BATCH_STATE: Statement = Statement::new(
    "pre-flight: may a document join a batch",
    "SELECT on SY00500 of the company and on SY00800 of the system database",
    "SELECT CASE WHEN b.BCHSTTUS <> 0 THEN 1 WHEN b.MKDTOPST <> 0 THEN 2 \
     WHEN EXISTS (SELECT 1 FROM {system}.dbo.SY00800 a WHERE a.BCHSOURC = b.BCHSOURC \
     AND a.BACHNUMB = b.BACHNUMB \
     AND (a.CMPNYNAM = CAST(@P3 AS char(65)) OR CAST(@P3 AS char(65)) = '')) \
     THEN 3 ELSE 0 END FROM dbo.SY00500 b \
     WHERE b.BCHSOURC = CAST(@P1 AS char(15)) AND b.BACHNUMB = CAST(@P2 AS char(15))",
);
/// What [`BATCH_CHECK`] found; 0 when the document may join.
pub(crate) const BATCH: &str = "@connect_batch";

const BATCH_DECLARATIONS: &str = ", @connect_batch_source char(15), \
     @connect_batch_number char(15), @connect_company_name char(65), @connect_batch int OUTPUT";

/// Which of several calls in one text was the last that was made, from 0.
pub(crate) const MADE: &str = "@connect_made";

/// The variable of a call's input, by its place.
pub(crate) fn input(place: usize) -> String {
    format!("@p{}", place + 1)
}

/// Calls an eConnect procedure and proves in the same round trip that the transaction stands.
///
/// `inputs` and `outputs` are names as the live server spells them. What an input gets is known
/// by its place, [`input`]: with their names three times over, texts would be twice as long.
pub(crate) fn procedure_call<'a>(
    procedure: &str,
    inputs: impl Iterator<Item = &'a str>,
    outputs: impl Iterator<Item = &'a str>,
) -> String {
    let inputs = inputs.enumerate();
    one_call(procedure, inputs, outputs)
}

/// Calls a procedure several times in one round trip, each with inputs of its own. A call is made
/// when the one before it came to its end and was accepted, and [`MADE`] tells which was the last:
/// the outputs are its.
pub(crate) fn procedure_calls(
    procedure: &str,
    inputs: &[&str],
    outputs: &[String],
    count: usize,
) -> String {
    let accepted: String = outputs.iter().map(|name| accepted(name)).collect();
    let mut text = String::new();
    for call in 0..count {
        if call > 0 {
            let before = format!(
                "; IF {RETURN_CODE} = 0 AND {TRANSACTION} = 11{accepted} BEGIN SET {MADE} = {call}; "
            );
            text.push_str(&before);
        }
        text.extend(["SET ", RETURN_CODE, " = NULL; "]);
        let places = call * inputs.len()..;
        let inputs = places.zip(inputs.iter().copied());
        let outputs = outputs.iter().map(String::as_str);
        text.push_str(&one_call(procedure, inputs, outputs));
        if call > 0 {
            text.push_str(" END");
        }
    }
    text
}

fn one_call<'a>(
    procedure: &str,
    inputs: impl Iterator<Item = (usize, &'a str)>,
    outputs: impl Iterator<Item = &'a str>,
) -> String {
    let mut text = format!("EXEC {RETURN_CODE} = dbo.[{procedure}]");
    let mut separator = ' ';
    for (place, name) in inputs {
        text.push(separator);
        text.extend([name, "=", &input(place)]);
        separator = ',';
    }
    for name in outputs {
        text.push(separator);
        text.extend([name, "=", name, " OUTPUT"]);
        separator = ',';
    }
    text.extend(["; SET ", TRANSACTION, " = 10 * @@TRANCOUNT + XACT_STATE()"]);
    text
}

/// What is done in one text with a call.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Around {
    /// Before it: the journal's row is taken.
    pub(crate) first: Option<&'static Statement>,
    /// Before it: the batch is asked for and locked.
    pub(crate) batch: bool,
    /// Behind it: the effect is recorded.
    pub(crate) last: bool,
}

impl Around {
    pub(crate) fn is_bare(self) -> bool {
        self.first.is_none() && !self.batch && !self.last
    }

    /// The call's text with what stands around it.
    ///
    /// `outputs` are those of eConnect that the procedure has: a state or a text is a refusal.
    pub(crate) fn text(self, call: &str, outputs: &[String], system_database: &str) -> String {
        let mut text = self.first.map_or("", |first| first.sql).to_owned();
        if self.batch {
            text.push_str(&BATCH_CHECK.text(system_database));
        }
        text.push_str(match (self.first, self.batch) {
            (None, false) => "",
            (Some(_), false) => "IF @connect_taken = 1 ",
            (None, true) => "IF @connect_batch = 0 ",
            (Some(_), true) => "IF @connect_taken = 1 AND @connect_batch = 0 ",
        });
        text.push_str(call);
        if self.last {
            let mut accepted: String = outputs.iter().map(|name| accepted(name)).collect();
            if self.batch {
                accepted.push_str(" AND @connect_batch = 0");
            }
            text.push_str(&JOURNAL_COMMIT.sql.replace("{accepted}", &accepted));
        }
        text
    }

    /// The call's declarations with those of the parameters around it.
    pub(crate) fn declarations(self, call: &str) -> String {
        let mut text = [call, ", ", IDENTITY].concat();
        if self.first.is_some() {
            text.extend([", ", ATTEMPT, ", ", TAKEN, " int OUTPUT"]);
        }
        if self.batch {
            text.push_str(BATCH_DECLARATIONS);
        }
        if self.last {
            text.push_str(", @connect_numbers varchar(2000), @connect_answer varchar(max)");
            text.extend([", ", RECORDED, " int OUTPUT"]);
        }
        text
    }
}

fn accepted(output: &str) -> String {
    if output.eq_ignore_ascii_case("@oErrString") {
        format!(" AND LTRIM(RTRIM(ISNULL({output}, ''))) = ''")
    } else {
        format!(" AND ISNULL({output}, 0) = 0")
    }
}
