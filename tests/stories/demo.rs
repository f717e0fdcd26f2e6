//! The demo as a person runs it: it tells where everything is, and ends cleanly when told to.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use connect_tests::harness::process::signal;
use connect_tests::harness::wait::wait_for;
use connect_tests::harness::{api::Api, binaries};

use super::support::LIMIT;

/// A running demo and what it said so far.
struct Demo {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    said: Vec<String>,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(binaries::path("connect-demo").unwrap())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            child,
            lines,
            said: Vec::new(),
        }
    }

    /// Reads on until a line fits; the line.
    fn until(&mut self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        loop {
            let Some(line) = self.lines.next() else {
                panic!("the demo ended before {what}: {:#?}", self.said);
            };
            let line = line.unwrap();
            self.said.push(line.clone());
            if fits(&line) {
                return line;
            }
        }
    }

    /// What was said beside a word at the beginning of a line.
    fn told(&self, word: &str) -> String {
        let line = self.said.iter().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("no {word} in {:#?}", self.said))
            .trim()
            .to_owned()
    }

    /// The processes it started: sandbox GP, sandbox store, cloud, agent.
    fn children(&self) -> Vec<u32> {
        let own = self.child.id().to_string();
        let processes = std::fs::read_dir("/proc").unwrap();
        let ids = processes.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
        let children: Vec<u32> = ids
            .filter(|id| parent_of(*id).as_ref() == Some(&own))
            .collect();
        assert_eq!(children.len(), 4, "{children:?}");
        children
    }
}

/// The second field behind the name, which is in brackets.
fn parent_of(id: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let behind = stat.rsplit(')').next()?;
    behind.split_whitespace().nth(1).map(ToOwned::to_owned)
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Gone already is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn alive(id: u32) -> bool {
    std::path::Path::new(&format!("/proc/{id}")).exists()
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_and_sigterm_end_all_processes_cleanly() {
    for name in ["INT", "TERM"] {
        let mut demo = Demo::start(&["--keep"]);
        demo.until("an order landed", |line| line.ends_with(" ms"));
        let children = demo.children();
        assert!(children.iter().all(|id| alive(*id)));
        signal(demo.child.id(), name).unwrap();
        let files = demo.until("it told where its files are", |line| {
            line.starts_with("files and logs:")
        });
        let status = demo.child.wait().unwrap();
        // A child that had to be killed, or that failed, would make it fail.
        assert!(status.success(), "SIG{name}: {status}");
        for id in children {
            assert!(!alive(id), "SIG{name} left process {id}");
        }
        let directory = files.trim_start_matches("files and logs:").trim();
        std::fs::remove_dir_all(directory).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_but_the_agent_ends_by_itself_when_the_demo_is_killed() {
    let mut demo = Demo::start(&[]);
    demo.until("an order landed", |line| line.ends_with(" ms"));
    let children = demo.children();
    demo.child.kill().unwrap();
    demo.child.wait().unwrap();
    let minding = children.iter().filter(|id| !is_agent(**id));
    for id in minding {
        wait_for("the process to end", Duration::from_secs(30), || async {
            Ok((!alive(*id)).then_some(()))
        })
        .await
        .unwrap();
    }
    // The agent has no parent to mind: it is a service.
    for id in children.into_iter().filter(|id| alive(*id)) {
        signal(id, "TERM").unwrap();
    }
    drop(std::fs::remove_dir_all(demo.told("files")));
}

fn is_agent(id: u32) -> bool {
    std::fs::read(format!("/proc/{id}/cmdline"))
        .unwrap_or_default()
        .windows(13)
        .any(|part| part == b"connect-agent")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_it_names_opens_the_api_and_is_for_nobody_else() {
    let mut demo = Demo::start(&[]);
    demo.until("it told an example", |line| line.starts_with("try "));
    let file = demo.told("API key");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{file}");
    let key = std::fs::read_to_string(&file).unwrap();
    let example = demo.told("try");
    assert!(example.contains(&file), "{example}");
    let address = example.rsplit(' ').next().unwrap();
    let (base, path) = address.split_once("/api/v1").unwrap();
    let api = Api::new(base, &key).unwrap();
    let listing = wait_for("a run to be listed", LIMIT, || async {
        let runs = api.get(path).await?;
        let listed = runs["items"]
            .as_array()
            .is_some_and(|runs| !runs.is_empty());
        Ok(listed.then_some(runs))
    })
    .await
    .unwrap();
    assert!(listing["items"][0]["state"].is_string(), "{listing}");
    signal(demo.child.id(), "INT").unwrap();
    assert!(demo.child.wait().unwrap().success());
    assert!(!std::path::Path::new(&file).exists(), "the key outlived it");
}
