-- What an agent is to notice in a company.
CREATE TABLE watch (
    tenant BLOB NOT NULL,
    company BLOB NOT NULL,
    watcher TEXT NOT NULL,
    interval_ms INTEGER NOT NULL,
    sweep_seconds INTEGER NOT NULL,
    PRIMARY KEY (tenant, company, watcher)
) STRICT, WITHOUT ROWID;

-- What each record of GP was when it was last told; one that is gone stays, without a digest.
CREATE TABLE gp_record (
    tenant BLOB NOT NULL,
    company BLOB NOT NULL,
    watcher TEXT NOT NULL,
    record TEXT NOT NULL,
    digest BLOB NULL,
    PRIMARY KEY (tenant, company, watcher, record)
) STRICT, WITHOUT ROWID;

-- What changed in GP, in the order it was told.
CREATE TABLE gp_change (
    tenant BLOB NOT NULL,
    id BLOB NOT NULL,
    company BLOB NOT NULL,
    watcher TEXT NOT NULL,
    record TEXT NOT NULL,
    content TEXT NULL,
    own INTEGER NOT NULL,
    found TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX gp_change_company ON gp_change (tenant, company, id);
