//! What the codes of eConnect procedures and of SQL Server mean, and what repairs the cause.
//!
//! The table is made at build time from `catalogue/errors.csv`. It holds the codes whose meaning is
//! known beforehand; the words of every other code are in the server's own `taErrorCode`.

/// An error code with its meaning and repair.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorInfo {
    /// The code, as in `O_iErrorState` and `oErrString`, or SQL Server's error number.
    pub code: i32,
    /// The procedure that gives it; a `*` at the end stands for any rest, `sql` for SQL Server.
    pub procedure: &'static str,
    /// What the code says, in our words.
    pub meaning: &'static str,
    /// How the error is treated.
    pub class: ErrorClass,
    /// The element usually at fault, where there is one.
    pub element: Option<&'static str>,
    /// What a person does about it.
    pub repair: &'static str,
}

/// How an error from GP or its database is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Another session holds the document; tried again without using up an attempt.
    Busy,
    /// The server is short of something or two transactions met; tried again.
    Unavailable,
    /// A login or a right is missing.
    Authentication,
    /// The document says something that cannot be.
    InvalidData,
    /// The document is sound, and GP's set-up or data do not allow it.
    BusinessRule,
    /// The number or key exists already; the document may have been written before.
    Duplicate,
    /// The call did not fit the procedure.
    Bug,
}

impl ErrorClass {
    /// Tells whether trying again, with nothing corrected, can succeed.
    pub fn retryable(self) -> bool {
        match self {
            Self::Busy | Self::Unavailable => true,
            Self::Authentication
            | Self::InvalidData
            | Self::BusinessRule
            | Self::Duplicate
            | Self::Bug => false,
        }
    }
}

mod tables {
    //! The generated table, in the order of the file.

    use super::{ErrorClass, ErrorInfo};

    include!(concat!(env!("OUT_DIR"), "/errors.rs"));
}

/// The name under which SQL Server's own errors are listed.
const SQL: &str = "sql";

/// Explains a code that an eConnect procedure gave.
///
/// Codes are not unique across procedures, since partners add their own: the procedure counts.
pub fn explain(procedure: &str, code: i32) -> Option<&'static ErrorInfo> {
    let of_code = || error_infos().iter().filter(move |info| info.code == code);
    let exact = of_code().find(|info| info.procedure == procedure && procedure != SQL);
    exact.or_else(|| of_code().find(|info| matches_family(info.procedure, procedure)))
}

/// Explains an error that SQL Server itself raised.
pub fn explain_sql(number: u32) -> Option<&'static ErrorInfo> {
    let number = i32::try_from(number).ok()?;
    error_infos()
        .iter()
        .find(|info| info.code == number && info.procedure == SQL)
}

/// Gives every known code.
pub fn error_infos() -> &'static [ErrorInfo] {
    tables::ERRORS
}

fn matches_family(pattern: &str, procedure: &str) -> bool {
    pattern
        .strip_suffix('*')
        .is_some_and(|start| procedure.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::econnect::catalogue;

    #[test]
    fn every_row_of_the_file_is_there_once_and_says_what_to_do() {
        let file = include_bytes!("../../catalogue/errors.csv").as_slice();
        assert_eq!(
            error_infos().len(),
            csv::Reader::from_reader(file).records().count()
        );
        for info in error_infos() {
            let same = |o: &&ErrorInfo| (o.code, o.procedure) == (info.code, info.procedure);
            assert_eq!(
                error_infos().iter().filter(same).count(),
                1,
                "{}",
                info.code
            );
            assert!(
                info.repair.len() > 15 && info.meaning.len() > 15,
                "{}",
                info.code
            );
        }
    }

    #[test]
    fn every_element_named_exists_in_a_node_of_the_procedure() {
        for info in error_infos() {
            let Some(element) = info.element else {
                continue;
            };
            let number = catalogue::number_procedures()
                .iter()
                .any(|p| p.name == info.procedure);
            let known = catalogue::nodes().iter().any(|node| {
                (node.name == info.procedure || matches_family(info.procedure, node.name))
                    && node.element(element).is_some()
            });
            assert!(known || number, "{} {element}", info.code);
        }
    }

    #[test]
    fn codes_of_the_sales_procedures_are_explained() {
        for (procedure, code, class, element) in [
            ("taSopHdrIvcInsert", 67, ErrorClass::InvalidData, "SUBTOTAL"),
            ("taSopHdrIvcInsert", 235, ErrorClass::InvalidData, "DOCAMNT"),
            (
                "taSopLineIvcInsert",
                722,
                ErrorClass::InvalidData,
                "XTNDPRCE",
            ),
            ("taSopHdrIvcInsert", 2221, ErrorClass::Duplicate, "SOPNUMBE"),
            ("taSopLineIvcInsert", 2079, ErrorClass::Busy, "SOPNUMBE"),
            ("taSopVoidDocument", 2022, ErrorClass::Busy, "SOPNUMBE"),
            (
                "taSopLineIvcInsert",
                4776,
                ErrorClass::BusinessRule,
                "QtyShrtOpt",
            ),
        ] {
            let info = explain(procedure, code).unwrap();
            assert_eq!((info.class, info.element), (class, Some(element)), "{code}");
            assert_eq!(info.class.retryable(), class == ErrorClass::Busy);
        }
    }

    #[test]
    fn a_code_of_another_procedure_is_not_explained() {
        assert_eq!(explain("taRMTransaction", 2221), None);
        assert_eq!(explain("taSopHdrIvcInsert", 722), None);
        assert_eq!(explain("taSopHdrIvcInsert", 35010), None);
        assert_eq!(explain("sql", 1205), None);
        assert_eq!(explain_sql(67), None);
        assert_eq!(explain_sql(u32::MAX), None);
        assert_eq!(explain_sql(1205).unwrap().class, ErrorClass::Unavailable);
    }
}
