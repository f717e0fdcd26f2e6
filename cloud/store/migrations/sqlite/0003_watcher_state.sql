-- What an agent says of a watcher, and its last full read. It stays when the watcher is not wanted
-- any more: the agent goes on from there when it is wanted again.
CREATE TABLE watcher_state (
    tenant BLOB NOT NULL,
    company BLOB NOT NULL,
    watcher TEXT NOT NULL,
    means TEXT NULL,
    problem TEXT NOT NULL DEFAULT '',
    full_read INTEGER NULL,
    rows_seen INTEGER NULL,
    rows_changed INTEGER NULL,
    PRIMARY KEY (tenant, company, watcher)
) STRICT, WITHOUT ROWID;
