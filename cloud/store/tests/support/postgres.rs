//! A PostgreSQL server for tests: the one named in the environment, or a temporary cluster.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::{Mutex, OnceLock};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// Makes and starts a cluster as a user PostgreSQL accepts, and stops it when standard input ends:
/// however the test process dies, the server dies with it.
const GUARDIAN: &str = r#"
set -e
bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
home=$(mktemp -d /tmp/connect-store.XXXXXX)
run() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  chown postgres: "$home"
  run() { setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$home" "$@"; }
fi
cd "$home"
run "$bin/initdb" -D "$home/data" -U connect --auth=trust -E UTF8 --locale=C.UTF-8 >"$home/initdb" 2>&1 </dev/null
run "$bin/pg_ctl" -D "$home/data" -w -l "$home/log" -o "-c listen_addresses= -c unix_socket_directories=$home -c fsync=on -c synchronous_commit=on -c max_connections=200" start >/dev/null </dev/null
echo "postgres://connect@localhost/postgres?host=$home"
cat >/dev/null || true
run "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1 || true
cd /
rm -rf "$home"
"#;

struct Server {
    url: String,
    /// Held for its standard input, which ends with this process.
    _guardian: Option<Mutex<Child>>,
}

static SERVER: OnceLock<Server> = OnceLock::new();

/// URL of a fresh database.
pub(crate) async fn fresh() -> String {
    let server = SERVER.get_or_init(start);
    let name = format!("store_{}", super::id().simple());
    let options = PgConnectOptions::from_str(&server.url).unwrap();
    let mut connection = options.connect().await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    named(&server.url, &name)
}

/// The same server's URL with another database.
fn named(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let (server, _) = address.rsplit_once('/').unwrap();
    format!("{server}/{name}?{query}")
}

fn start() -> Server {
    if let Some(url) = given() {
        return Server {
            url,
            _guardian: None,
        };
    }
    let mut guardian = Command::new("bash")
        .args(["-c", GUARDIAN])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(guardian.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    assert!(url.starts_with("postgres:"), "PostgreSQL did not start");
    Server {
        url: url.trim().to_owned(),
        _guardian: Some(Mutex::new(guardian)),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
fn given() -> Option<String> {
    std::env::var("CONNECT_TEST_POSTGRES_URL").ok()
}
