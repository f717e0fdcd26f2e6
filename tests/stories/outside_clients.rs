//! FreeTDS and pytds, TDS clients nobody here wrote, work with the sandbox GP as with SQL Server.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use connect_tests::harness::binaries;
use connect_tests::harness::gp::Gp;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What both clients need to know.
struct Place {
    gp: Gp,
    directory: TempDir,
}

impl Place {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let gp = Gp::start(directory.path()).await.unwrap();
        let place = Self { gp, directory };
        std::fs::write(place.authority(), &place.gp.certificate_pem).unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let stranger = rcgen::generate_simple_self_signed(names).unwrap();
        std::fs::write(place.stranger(), stranger.cert.pem()).unwrap();
        place
    }

    /// The authority that vouches for the sandbox.
    fn authority(&self) -> PathBuf {
        self.directory.path().join("gp.pem")
    }

    /// One that does not.
    fn stranger(&self) -> PathBuf {
        self.directory.path().join("stranger.pem")
    }

    fn address(&self) -> (&str, &str) {
        self.gp.tds.split_once(':').unwrap()
    }

    /// Runs the file of statements, over a connection encrypted as said.
    fn tsql(&self, password: &str, encryption: &str, authority: &Path) -> Output {
        let (host, port) = self.address();
        let settings = format!(
            "[sandbox]\nhost = {host}\nport = {port}\ntds version = 7.4\nencryption = {encryption}\n\
             ca file = {}\ncheck certificate hostname = no\n",
            authority.display()
        );
        let file = self.directory.path().join("freetds.conf");
        std::fs::write(&file, settings).unwrap();
        Command::new("tsql")
            .args(["-S", "sandbox", "-U", &self.gp.user, "-P", password])
            .args(["-D", "TWO", "-o", "q"])
            .env("FREETDSCONF", file)
            .stdin(std::fs::File::open(own("tsql.sql")).unwrap())
            .output()
            .unwrap_or_else(|error| panic!("tsql (tests/provide.sh test installs it): {error}"))
    }
}

/// A file of this story.
fn own(name: &str) -> PathBuf {
    let crate_directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_directory.join("outside").join(name)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn free_tds_selects_rolls_back_calls_procedures_and_reads_errors() {
    let place = Place::open().await;
    let password = place.gp.password.clone();
    for encryption in ["request", "require"] {
        let output = place.tsql(&password, encryption, &place.authority());
        let (said, errors) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{encryption}: {said} {errors}");
        let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
        for (heading, row) in [
            ("company\tid", "Fabrikam, Inc.\t-1"),
            (
                "amount\tmoment",
                "12345678901234.56789\tNov 25 2026 01:14PM",
            ),
            ("inside", "1"),
            ("after", "0"),
            ("code\tnumber\tstate", "0\tORDST2228\t0"),
            ("line\tstate\ttext\textended", "0\t0\t\t49.39000"),
        ] {
            let place = lines.iter().position(|line| *line == heading);
            let place = place.unwrap_or_else(|| panic!("no {heading} in {said} {errors}"));
            assert_eq!(lines[place + 1], row, "{encryption}");
        }
        assert!(errors.contains("Msg 207 (severity 16"), "{errors}");
        assert!(errors.contains("Invalid column name 'NOTHING'"), "{errors}");
    }
    let wrong = place.tsql("wrong", "require", &place.authority());
    assert!(text(&wrong.stderr).contains("Msg 18456"), "{wrong:?}");
    let stranger = place.tsql(&password, "require", &place.stranger());
    assert!(!stranger.status.success(), "not encrypted: {stranger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pytds_selects_rolls_back_calls_procedures_and_reads_errors() {
    let place = Place::open().await;
    let (host, port) = place.address();
    let output = Command::new(python())
        .arg(own("pytds_client.py"))
        .args([host, port, &place.gp.user, &place.gp.password])
        .args([place.authority(), place.stranger()])
        .output()
        .unwrap_or_else(|error| panic!("python (tests/provide.sh test installs it): {error}"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["wrong_password"][0], 18456, "{seen}");
    assert_ne!(seen["stranger"], "trusted", "not encrypted");
    let wanted = json!({
        "company": ["Fabrikam, Inc.", -1],
        "rolled_back": [1, 0],
        "number": ["ORDST2228", 0],
        "line": [0, 0, ""],
        "exact": {
            "amount": true,
            "moment": "2026-11-25T13:14:15.677",
            "line": ["49.39", "4", 16_384],
        },
        "refused_line": [722, 722, "722 "],
        "left": 0,
    });
    for way in ["plain", "tls"] {
        for (fact, value) in wanted.as_object().unwrap() {
            assert_eq!(&seen[way][fact], value, "{way}: {fact}");
        }
        assert_eq!(seen[way]["error"][0], 207, "{way}");
        let words = seen[way]["error"][1].as_str().unwrap();
        assert!(words.contains("Invalid column name 'NOTHING'"), "{words}");
    }
}

/// The interpreter that tests/provide.sh put beside the build's results.
fn python() -> PathBuf {
    let sandbox = binaries::path("connect-sandbox").unwrap();
    let target = sandbox.ancestors().nth(2).unwrap();
    target.join("outside-clients/bin/python")
}
