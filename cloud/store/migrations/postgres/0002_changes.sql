-- What an agent is to notice in a company.
CREATE TABLE watch (
    tenant UUID NOT NULL,
    company UUID NOT NULL,
    watcher TEXT NOT NULL,
    interval_ms BIGINT NOT NULL,
    sweep_seconds BIGINT NOT NULL,
    PRIMARY KEY (tenant, company, watcher)
);

-- What each record of GP was when it was last told; one that is gone stays, without a digest.
CREATE TABLE gp_record (
    tenant UUID NOT NULL,
    company UUID NOT NULL,
    watcher TEXT NOT NULL,
    record TEXT NOT NULL,
    digest BYTEA NULL,
    PRIMARY KEY (tenant, company, watcher, record)
);

-- What changed in GP, in the order it was told.
CREATE TABLE gp_change (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    company UUID NOT NULL,
    watcher TEXT NOT NULL,
    record TEXT NOT NULL,
    content TEXT NULL,
    own BOOLEAN NOT NULL,
    found TEXT NOT NULL,
    received BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX gp_change_company ON gp_change (tenant, company, id);
