//! Batches that are not posted.

use super::super::declare::{
    Column, EVERYTHING, Query, Source, Type, amount, by, date, flag, int, key, meaning, one, text,
};
use super::codes;

pub(super) static QUERIES: &[Query] = &[Query {
    name: "batches",
    text: "Unposted batches with age in days, count, total, state, whether they are marked to be \
           posted, and who is at work in them.",
    parameters: &[
        one("BCHSOURC", Type::Char(15)),
        one("BACHNUMB", Type::Char(15)),
        one("SERIES", Type::SmallInt),
    ],
    ways: &[
        EVERYTHING,
        by(&["BCHSOURC"], "b.BCHSOURC = @BCHSOURC"),
        by(&["BACHNUMB"], "b.BACHNUMB = @BACHNUMB"),
        by(
            &["BCHSOURC", "BACHNUMB"],
            "b.BCHSOURC = @BCHSOURC AND b.BACHNUMB = @BACHNUMB",
        ),
        by(&["SERIES"], "b.SERIES = @SERIES"),
    ],
    always: "",
    sources: &[Source {
        columns: &[BATCH],
        // A user's activity names the company by its title.
        from: "dbo.SY00500 b \
               LEFT JOIN {system}.dbo.SY01500 c ON c.INTERID = CAST(DB_NAME() AS char(5)) \
               LEFT JOIN {system}.dbo.SY00800 a ON a.BCHSOURC = b.BCHSOURC \
               AND a.BACHNUMB = b.BACHNUMB AND a.CMPNYNAM = c.CMPNYNAM",
        condition: "",
    }],
    key: &[
        key("BCHSOURC", Type::Char(15)),
        key("BACHNUMB", Type::Char(15)),
    ],
}];

const BATCH: &[Column] = &[
    text("b.BCHSOURC"),
    text("b.BACHNUMB"),
    text("b.BCHCOMNT"),
    int("b.SERIES"),
    meaning("series_name", "b.SERIES", codes::SERIES),
    int("b.NUMOFTRX"),
    amount("b.BCHTOTAL"),
    int("b.CNTRLTRX"),
    amount("b.CNTRLTOT"),
    text("b.CURNCYID"),
    text("b.CHEKBKID"),
    int("b.BCHSTTUS"),
    meaning("status", "b.BCHSTTUS", codes::BATCH_STATES),
    flag("b.MKDTOPST").named("marked_to_post"),
    int("b.ERRSTATE"),
    flag("b.APPROVL").named("approved"),
    text("b.APRVLUSERID"),
    text("a.USERID").named("user_at_work"),
    int("b.BACHFREQ"),
    flag("b.POSTTOGL"),
    date("b.GLPOSTDT"),
    date("b.CREATDDT"),
    date("b.MODIFDT"),
    int("CASE WHEN YEAR(b.CREATDDT) > 1900 THEN DATEDIFF(day, b.CREATDDT, GETDATE()) END")
        .named("age_days"),
    int("CASE WHEN YEAR(b.MODIFDT) > 1900 THEN DATEDIFF(day, b.MODIFDT, GETDATE()) END")
        .named("unchanged_days"),
];
