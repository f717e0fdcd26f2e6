//! Reads the sources and holds the house rules: who may use whom, file sizes, first lines, licences.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

struct Source {
    path: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "*.rs",
        ])
        .current_dir(root())
        .output()
        .expect("git lists the sources");
    let listed = String::from_utf8(output.stdout).expect("paths are text");
    let sources: Vec<_> = listed
        .lines()
        .filter_map(|path| {
            let text = fs::read_to_string(root().join(path)).ok()?;
            Some(Source {
                path: path.to_owned(),
                text,
            })
        })
        .collect();
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

/// Where test code sits inside a product crate, it is exempt from the fences.
fn product_part(source: &Source) -> &str {
    source.text.split("#[cfg(test)]").next().unwrap_or_default()
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn uses(text: &str, word: &str) -> bool {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .any(|line| {
            line.match_indices(word).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let after = &line[at + word.len()..];
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"')
                    && after.starts_with("::")
            })
        })
}

#[test]
fn libraries_stay_behind_their_fences() {
    let fences: &[(&str, &[&str])] = &[
        ("sqlx", &["cloud/store/"]),
        (
            "axum",
            &[
                "cloud/src/api/",
                "cloud/src/webhooks/",
                "cloud/src/console",
                "cloud/src/app",
            ],
        ),
        (
            "tonic",
            &["cloud/src/tunnel/", "agent/src/tunnel/", "proto/"],
        ),
        ("reqwest", &["cloud/src/connectors/"]),
        ("tiberius", &["agent/src/sqlserver/"]),
        ("redb", &["agent/src/state/"]),
        ("keyring_core", &["agent/src/secrets/"]),
        ("windows_native_keyring_store", &["agent/src/secrets/"]),
    ];
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !is_test(&source.path)) {
        for (library, homes) in fences {
            let at_home = homes.iter().any(|home| source.path.starts_with(home));
            if !at_home && uses(product_part(source), library) {
                broken.push(format!("{} uses {library}", source.path));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Places, and what must not be used there.
const NEVER: &[(&str, &[&str])] = &[
    (
        "proto/",
        &[
            "connect_core",
            "connect_store",
            "connect_cloud",
            "connect_agent",
        ],
    ),
    (
        "cloud/core/",
        &["connect_store", "connect_cloud", "connect_agent", "tokio"],
    ),
    (
        "cloud/core/src/domain/",
        &["crate::engine", "connect_proto"],
    ),
    (
        "cloud/store/",
        &["connect_cloud", "connect_proto", "connect_agent"],
    ),
    (
        "agent/",
        &["connect_core", "connect_store", "connect_cloud"],
    ),
    (
        "tests/",
        &[
            "connect_core",
            "connect_store",
            "connect_cloud",
            "connect_agent",
        ],
    ),
    (
        "cloud/src/connectors/",
        &["connect_store", "crate::api", "crate::worker"],
    ),
    ("cloud/src/tunnel/", &["crate::api", "connect_core::engine"]),
    ("cloud/src/worker/", &["crate::api", "crate::webhooks"]),
    (
        "cloud/src/api/",
        &["crate::tunnel::session", "crate::worker"],
    ),
    ("cloud/src/webhooks/", &["crate::tunnel", "crate::worker"]),
];

#[test]
fn modules_use_only_what_they_may() {
    let mut broken = Vec::new();
    for source in sources() {
        for (place, never) in NEVER
            .iter()
            .filter(|(place, _)| source.path.starts_with(place))
        {
            for word in *never {
                if uses(product_part(&source), word) {
                    broken.push(format!("{place}: {} uses {word}", source.path));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_says_its_job_and_keeps_to_its_size() {
    let mut broken = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            broken.push(format!("{} does not open with a //! sentence", source.path));
        }
        let lines = product_part(&source).lines().count();
        if lines > 500 && !is_test(&source.path) {
            broken.push(format!(
                "{} has {lines} lines, the limit is 500",
                source.path
            ));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn migrations_come_in_pairs() {
    let names = |database: &str| -> BTreeSet<String> {
        let directory = root().join("cloud/store/migrations").join(database);
        fs::read_dir(&directory)
            .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    };
    let sqlite = names("sqlite");
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, names("postgres"));
}

#[test]
fn dependencies_have_known_licences_and_one_tls_provider() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--locked", "--target", "all"])
        .args(["-e", "normal,build", "--prefix", "none", "-f", "{p}|{l}"])
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8(output.stdout).expect("text");
    let banned = ["openssl", "openssl-sys", "native-tls", "ring"];
    let known = allowed_licences();
    let mut broken = BTreeSet::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (package, licence) = line.split_once('|').expect("package|licence");
        let name = package.split(' ').next().unwrap_or_default();
        if banned.contains(&name) {
            broken.insert(format!("{name} is banned"));
        }
        let licence = licence.trim_end_matches(" (*)");
        let terms = licence.replace('/', " OR ").replace(['(', ')'], "");
        let fine = terms.split(" OR ").any(|choice| {
            choice
                .split(" AND ")
                .all(|term| known.contains(term.trim()))
        });
        if !fine {
            broken.insert(format!("{name}: licence {licence:?} is not in deny.toml"));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

fn allowed_licences() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let table: toml::Table = text.parse().expect("deny.toml is TOML");
    let allow = table["licenses"]["allow"].as_array().expect("a list");
    allow
        .iter()
        .filter_map(|licence| licence.as_str().map(ToOwned::to_owned))
        .collect()
}
