//! The shop over HTTP: its answers have the fields of the recorded samples, in their order.

mod official;
mod opensource;
mod webhooks;

use serde_json::{Value, json};

use super::{Config, Flavour, Sandbox};

/// A shop with a client that is logged in.
struct Visit {
    shop: Sandbox,
    client: reqwest::Client,
    authorization: String,
}

impl Visit {
    async fn new(flavour: Flavour) -> Self {
        let shop = Sandbox::start(Config::local(flavour, 11))
            .await
            .expect("the shop opens");
        let client = reqwest::Client::builder().build().expect("a client");
        let mut visit = Self {
            shop,
            client,
            authorization: String::new(),
        };
        visit.authorization = visit.log_in(flavour).await;
        visit
    }

    async fn log_in(&self, flavour: Flavour) -> String {
        let ready = self.shop.ready();
        let body = json!({ "username": ready["username"], "password": ready["password"] });
        let (path, field) = match flavour {
            Flavour::Official => ("/api-backend/Authenticate/GetToken", "token"),
            Flavour::Opensource => ("/token", "access_token"),
        };
        let url = format!("{}{path}", self.shop.base_url());
        let answer = self
            .client
            .post(url)
            .json(&body)
            .send()
            .await
            .expect("an answer");
        let token: Value = answer.json().await.expect("a token");
        format!("Bearer {}", token[field].as_str().expect("a token"))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, text) = self.try_get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    async fn try_get(&self, path: &str) -> (u16, String) {
        let request = self.client.get(format!("{}{path}", self.shop.base_url()));
        let request = request.header("authorization", &self.authorization);
        let answer = request.send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a body"),
        )
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let request = self
            .client
            .post(format!("{}{path}", self.shop.base_url()))
            .json(body);
        let request = request.header("authorization", &self.authorization);
        let answer = request.send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a body"),
        )
    }

    async fn control(&self, path: &str, body: &Value) -> Value {
        let request = self
            .client
            .post(format!("{}{path}", self.shop.control()))
            .json(body);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let text = answer.text().await.expect("a body");
        if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).expect("JSON")
        }
    }

    async fn place(&self, kind: &str) -> i64 {
        let placed = self
            .control("/orders", &json!({ "count": 1, "kind": kind }))
            .await;
        placed["orders"][0]["id"].as_i64().expect("an order")
    }

    async fn state(&self, id: i64) -> Value {
        let url = format!("{}/orders/{id}", self.shop.control());
        let answer = self.client.get(url).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }
}

/// Reads a sample of this crate.
fn sample(name: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/nop/");
    let text = std::fs::read_to_string(format!("{path}{name}.json")).expect("a sample");
    serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("JSON")
}

/// Checks that two values have the same fields in the same order, and numbers the same form.
fn same_shape(sample: &Value, answer: &Value, at: &str) {
    match (sample, answer) {
        (Value::Object(sample), Value::Object(answer)) => {
            let names = |fields: &serde_json::Map<String, Value>| {
                fields.keys().cloned().collect::<Vec<_>>()
            };
            assert_eq!(names(sample), names(answer), "at {at}");
            for (name, value) in sample {
                same_shape(value, &answer[name], &format!("{at}.{name}"));
            }
        }
        (Value::Array(sample), Value::Array(answer)) => {
            if let Some(first) = sample.first() {
                for (index, row) in answer.iter().enumerate() {
                    same_shape(first, row, &format!("{at}[{index}]"));
                }
            }
        }
        (Value::Number(sample), Value::Number(answer)) => {
            let decimals =
                |number: &serde_json::Number| number.to_string().split_once('.').map(|p| p.1.len());
            assert_eq!(decimals(sample), decimals(answer), "decimals at {at}");
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (sample, answer) => {
            let kind = std::mem::discriminant(sample) == std::mem::discriminant(answer);
            assert!(kind, "at {at}: {sample} against {answer}");
        }
    }
}

#[tokio::test]
async fn a_call_without_a_token_is_refused_as_recorded() {
    let visit = Visit::new(Flavour::Official).await;
    let url = format!("{}/api-backend/Order/GetById/1001", visit.shop.base_url());
    let answer = visit.client.get(&url).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 401);
    assert_eq!(
        answer.json::<Value>().await.expect("JSON"),
        sample("official_error_401")
    );
    let visit = Visit::new(Flavour::Opensource).await;
    let url = format!("{}/api/orders", visit.shop.base_url());
    let bare = visit.authorization.trim_start_matches("Bearer ").to_owned();
    let answer = visit
        .client
        .get(&url)
        .header("authorization", bare)
        .send()
        .await;
    assert_eq!(answer.expect("an answer").status().as_u16(), 401);
}

#[tokio::test]
async fn faults_answer_delay_and_cut() {
    let visit = Visit::new(Flavour::Opensource).await;
    visit
        .control(
            "/faults",
            &json!({ "path_prefix": "/api/orders", "status": 503, "times": 1 }),
        )
        .await;
    assert_eq!(visit.try_get("/api/orders").await.0, 503);
    assert_eq!(visit.try_get("/api/orders").await.0, 200);
    visit
        .control(
            "/faults",
            &json!({ "path_prefix": "/api", "cut": true, "times": 1 }),
        )
        .await;
    let url = format!("{}/api/orders", visit.shop.base_url());
    let request = visit
        .client
        .get(url)
        .header("authorization", &visit.authorization);
    let broken = match request.send().await {
        Ok(answer) => answer.text().await.is_err(),
        Err(_) => true,
    };
    assert!(broken, "the connection must break");
}

#[tokio::test]
async fn the_stats_count_calls_by_path() {
    let visit = Visit::new(Flavour::Opensource).await;
    let id = visit.place("simple").await;
    visit.get(&format!("/api/orders/{id}")).await;
    visit.get(&format!("/api/orders/{id}")).await;
    let url = format!("{}/stats", visit.shop.control());
    let answer = visit.client.get(url).send().await.expect("an answer");
    let stats: Value = answer.json().await.expect("JSON");
    assert_eq!(stats["calls"]["GET /api/orders/{id}"], 2);
    assert!(stats["cpu_seconds"].as_str().is_some());
}
