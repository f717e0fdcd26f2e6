//! Asks the agent's named queries through a session.

use connect_proto::tunnel::v1::cloud_message::Message as FromCloud;
use connect_proto::tunnel::v1::command::Body;
use connect_proto::tunnel::v1::command_result::Outcome;
use connect_proto::tunnel::v1::payload::Content;
use connect_proto::tunnel::v1::{Command, Describe, Failure, RunQuery};
use serde_json::Value;

use super::stage::{Stage, result};
use super::support::Session;

/// A session that asks one thing after the other.
pub(crate) struct Asking {
    pub(crate) session: Session,
    asked: u32,
}

impl Asking {
    pub(crate) async fn begin(stage: &mut Stage) -> Self {
        let session = stage.agent(None).await;
        Self { session, asked: 0 }
    }

    /// One page and the token of the next.
    pub(crate) async fn page(
        &mut self,
        name: &str,
        given: &[(&str, &str)],
        page: (u32, &str),
    ) -> (Vec<Value>, String) {
        match self.query(name, given, page).await {
            Some(Outcome::Page(page)) => {
                let Some(Content::Inline(bytes)) = page.rows_json.unwrap().content else {
                    panic!("{name}: the rows are not in the page");
                };
                let rows = serde_json::from_slice(&bytes).unwrap();
                (rows, page.next_page_token)
            }
            other => panic!("{name} {given:?}: a page, not {other:?}"),
        }
    }

    /// All rows, in pages of the usual size.
    pub(crate) async fn all(&mut self, name: &str, given: &[(&str, &str)]) -> Vec<Value> {
        let (mut rows, mut token) = self.page(name, given, (0, "")).await;
        while !token.is_empty() {
            let (more, next) = self.page(name, given, (0, &token)).await;
            rows.extend(more);
            token = next;
        }
        rows
    }

    pub(crate) async fn refused(
        &mut self,
        name: &str,
        given: &[(&str, &str)],
        token: &str,
    ) -> Failure {
        match self.query(name, given, (0, token)).await {
            Some(Outcome::Failure(failure)) => failure,
            other => panic!("{name} {given:?}: a failure, not {other:?}"),
        }
    }

    /// Asks for pages of a size that cannot be given.
    pub(crate) async fn query_size(&mut self, name: &str, size: u32) -> Failure {
        match self.query(name, &[], (size, "")).await {
            Some(Outcome::Failure(failure)) => failure,
            other => panic!("{name}: a failure, not {other:?}"),
        }
    }

    /// What the agent says can be asked.
    pub(crate) async fn described(&mut self) -> Vec<Value> {
        let what = vec!["queries".to_owned()];
        match self.ask(Body::Describe(Describe { what })).await {
            Some(Outcome::Described(described)) => {
                let described: Value = serde_json::from_str(&described.json).unwrap();
                described["queries"].as_array().unwrap().clone()
            }
            other => panic!("a description, not {other:?}"),
        }
    }

    async fn query(
        &mut self,
        name: &str,
        given: &[(&str, &str)],
        (page_size, page_token): (u32, &str),
    ) -> Option<Outcome> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let query = RunQuery {
            name: name.to_owned(),
            parameters: given.iter().map(owned).collect(),
            page_size,
            page_token: page_token.to_owned(),
        };
        self.ask(Body::Query(query)).await
    }

    async fn ask(&mut self, body: Body) -> Option<Outcome> {
        self.asked += 1;
        let command = Command {
            command_id: format!("ask-{}", self.asked),
            company: "TWO".to_owned(),
            timeout_ms: 20_000,
            body: Some(body),
            ..Command::default()
        };
        self.session.send(FromCloud::Command(command)).await;
        result(&mut self.session).await.outcome
    }
}

/// The row has these values among others.
pub(crate) fn has(row: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name} of {row}");
    }
}
