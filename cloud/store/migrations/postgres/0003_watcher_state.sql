-- What an agent says of a watcher, and its last full read. It stays when the watcher is not wanted
-- any more: the agent goes on from there when it is wanted again.
CREATE TABLE watcher_state (
    tenant UUID NOT NULL,
    company UUID NOT NULL,
    watcher TEXT NOT NULL,
    means TEXT NULL,
    problem TEXT NOT NULL DEFAULT '',
    full_read BIGINT NULL,
    rows_seen BIGINT NULL,
    rows_changed BIGINT NULL,
    PRIMARY KEY (tenant, company, watcher)
);
