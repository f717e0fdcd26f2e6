//! Recorded messages, mutilated: the server answers or refuses, and goes on.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::super::wire::packet::{self, Message};
use super::super::wire::{login, prelogin, request};
use super::super::{Config, Sandbox};
use super::{Ended, Session};

/// Mutilations of each message.
const ROUNDS: u64 = 400;
/// Numbers that lengths and counts are least prepared for.
const NASTY: [[u8; 4]; 6] = [
    [0; 4],
    [0xFF; 4],
    [0xFE, 0xFF, 0xFF, 0xFF],
    [0xFF, 0xFF, 0xFF, 0x7F],
    [0, 0, 0, 0x80],
    [1, 0, 0, 0],
];

fn corpus() -> Vec<(u8, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tds");
    let mut found = Vec::new();
    for file in std::fs::read_dir(directory).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let kind = match name.split('-').next().unwrap() {
            "batch" => packet::BATCH,
            "rpc" => packet::RPC,
            "transaction" => packet::TRANSACTION,
            "login" => packet::LOGIN,
            "prelogin" => packet::PRELOGIN,
            other => panic!("a corpus file of no kind: {other}"),
        };
        found.push((name, kind, std::fs::read(&path).unwrap()));
    }
    found.sort();
    found
        .into_iter()
        .map(|(_, kind, body)| (kind, body))
        .collect()
}

fn mutilated(body: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut body = body.to_vec();
    for _ in 0..random.random_range(1..4) {
        if body.is_empty() {
            break;
        }
        let at = random.random_range(0..body.len());
        match random.random_range(0..6) {
            0 => body[at] ^= 1 << random.random_range(0..8),
            1 => body[at] = random.random_range(0..=255),
            2 => body.truncate(at),
            3 => body.insert(at, random.random_range(0..=255)),
            4 => {
                let nasty = NASTY[random.random_range(0..NASTY.len())];
                let end = (at + 4).min(body.len());
                body[at..end].copy_from_slice(&nasty[..end - at]);
            }
            _ => {
                let end = (at + random.random_range(1..40)).min(body.len());
                let again = body[at..end].to_vec();
                body.splice(at..at, again);
            }
        }
    }
    body
}

#[tokio::test]
async fn mutilated_messages_are_answered_or_refused() {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    for (place, (kind, body)) in corpus().into_iter().enumerate() {
        let mut random = StdRng::seed_from_u64(u64::try_from(place).unwrap());
        for round in 0..=ROUNDS {
            // The first is whole.
            let body = match round {
                0 => Bytes::from(body.clone()),
                _ => Bytes::from(mutilated(&body, &mut random)),
            };
            match kind {
                packet::LOGIN => {
                    let read = login::read(&body);
                    assert!(round > 0 || read.is_ok());
                }
                packet::PRELOGIN => {
                    prelogin::encryption(&body);
                }
                packet::BATCH | packet::RPC | packet::TRANSACTION => {
                    let readable = match kind {
                        packet::BATCH => request::batch(body.clone()).is_ok(),
                        packet::RPC => request::calls(body.clone()).is_ok(),
                        _ => request::transaction(body.clone()).is_ok(),
                    };
                    assert!(round > 0 || readable, "the corpus is readable");
                    let (_alive, mut session) = Session::detached(&sandbox.server, "TWO").unwrap();
                    let message = Message { kind, body };
                    let answered = session.request(message);
                    let answered = tokio::time::timeout(Duration::from_secs(20), answered);
                    let ended = answered.await.expect("an answer");
                    assert!(matches!(ended, Ended::Answered));
                    assert!(!session.out.is_empty(), "silence is no answer");
                    session.abandon().unwrap();
                }
                other => panic!("no kind of the corpus: {other}"),
            }
        }
    }
    // It still serves.
    let (_alive, mut session) = Session::detached(&sandbox.server, "TWO").unwrap();
    session
        .text(
            "SELECT COUNT(*) FROM RM00101",
            &mut super::state::Variables::default(),
        )
        .await
        .unwrap();
}
