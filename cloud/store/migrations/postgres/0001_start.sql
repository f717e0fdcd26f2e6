-- Global tables: worker, operator_key, ca_key. Every other table's key begins with the tenant.

CREATE TABLE worker (
    id UUID NOT NULL PRIMARY KEY,
    epoch BIGINT NOT NULL,
    lease_micros BIGINT NOT NULL,
    heartbeat BIGINT NOT NULL,
    expired BOOLEAN NOT NULL
);

CREATE TABLE operator_key (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    secret_sha256 BYTEA NOT NULL,
    created BIGINT NOT NULL,
    revoked BIGINT NULL
);

CREATE TABLE ca_key (
    id UUID NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    certificate_pem TEXT NOT NULL,
    sealed_key BYTEA NOT NULL,
    created BIGINT NOT NULL,
    UNIQUE (purpose, created)
);

CREATE TABLE tenant (
    tenant UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    wrapped_key BYTEA NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE environment (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name)
);

CREATE TABLE api_key (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    secret_sha256 BYTEA NOT NULL,
    role TEXT NOT NULL,
    created BIGINT NOT NULL,
    revoked BIGINT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE store (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    environment UUID NOT NULL,
    name TEXT NOT NULL,
    hook_key TEXT NOT NULL,
    base_url TEXT NOT NULL,
    effect_scope TEXT NOT NULL,
    flavour TEXT NOT NULL,
    nop_store_id BIGINT NOT NULL,
    installation TEXT NULL,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    credentials BYTEA NOT NULL,
    webhook_secrets BYTEA NOT NULL,
    created BIGINT NOT NULL,
    paused BOOLEAN NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, hook_key)
);

CREATE TABLE secret (
    tenant UUID NOT NULL,
    name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE poll_cursor (
    tenant UUID NOT NULL,
    store UUID NOT NULL,
    cursor TEXT NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (tenant, store)
);
CREATE INDEX poll_cursor_due ON poll_cursor (tenant, due);

CREATE TABLE agent (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    environment UUID NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    machine TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_seen BIGINT NULL,
    revoked BIGINT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE agent_session (
    tenant UUID NOT NULL,
    agent UUID NOT NULL,
    epoch BIGINT NOT NULL,
    replica UUID NOT NULL,
    opened BIGINT NOT NULL,
    closed BIGINT NULL,
    PRIMARY KEY (tenant, agent)
);

CREATE TABLE enrollment_token (
    tenant UUID NOT NULL,
    token_sha256 BYTEA NOT NULL,
    agent UUID NOT NULL,
    expires BIGINT NOT NULL,
    used BIGINT NULL,
    PRIMARY KEY (tenant, token_sha256)
);
CREATE INDEX enrollment_token_agent ON enrollment_token (tenant, agent);

CREATE TABLE certificate (
    tenant UUID NOT NULL,
    serial TEXT NOT NULL,
    agent UUID NOT NULL,
    key_sha256 BYTEA NOT NULL,
    issued BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    revoked BIGINT NULL,
    PRIMARY KEY (tenant, serial)
);
CREATE INDEX certificate_agent ON certificate (tenant, agent);

CREATE TABLE company (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    environment UUID NOT NULL,
    agent UUID NOT NULL,
    database TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT NOT NULL,
    incarnation TEXT NULL,
    highest_journal BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, agent, database)
);

CREATE TABLE artifact (
    tenant UUID NOT NULL,
    environment UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    created BIGINT NOT NULL,
    author TEXT NOT NULL,
    PRIMARY KEY (tenant, environment, kind, name, version)
);

CREATE TABLE revision (
    tenant UUID NOT NULL,
    environment UUID NOT NULL,
    number BIGINT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, environment, number)
);

CREATE TABLE revision_pin (
    tenant UUID NOT NULL,
    environment UUID NOT NULL,
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant, environment, number, kind, name)
);

CREATE TABLE event (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    environment UUID NOT NULL,
    store UUID NOT NULL,
    source TEXT NOT NULL,
    delivery TEXT NOT NULL,
    topic TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    occurred BIGINT NOT NULL,
    received BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, store, delivery)
);

-- One row for each key with unfinished work. A lane is idle and due, idle and waiting (due is
-- null), or held by a worker; head is the place of the job it works on.
CREATE TABLE lane (
    tenant UUID NOT NULL,
    lane_group UUID NOT NULL,
    lane_key TEXT NOT NULL,
    next_number BIGINT NOT NULL,
    head BIGINT NOT NULL,
    due BIGINT NULL,
    worker UUID NULL,
    epoch BIGINT NULL,
    claimed BIGINT NULL,
    command UUID NULL,
    gate_kind TEXT NULL,
    gate_target UUID NULL,
    parked BIGINT NULL,
    held BOOLEAN NOT NULL,
    PRIMARY KEY (tenant, lane_group, lane_key)
);
CREATE INDEX lane_ready ON lane (tenant, lane_group, due) WHERE worker IS NULL AND due IS NOT NULL;
CREATE INDEX lane_due ON lane (tenant, due) WHERE worker IS NULL AND due IS NOT NULL;
CREATE INDEX lane_worker ON lane (tenant, worker) WHERE worker IS NOT NULL;
CREATE INDEX lane_gate ON lane (tenant, gate_kind, gate_target, parked) WHERE gate_kind IS NOT NULL;

CREATE TABLE job (
    tenant UUID NOT NULL,
    lane_group UUID NOT NULL,
    lane_key TEXT NOT NULL,
    number BIGINT NOT NULL,
    event UUID NOT NULL,
    run UUID NULL,
    PRIMARY KEY (tenant, lane_group, lane_key, number)
);

CREATE TABLE run (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    environment UUID NOT NULL,
    event UUID NOT NULL,
    store UUID NOT NULL,
    company UUID NULL,
    entity TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    workflow TEXT NOT NULL,
    workflow_version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    lane_group UUID NOT NULL,
    lane_key TEXT NOT NULL,
    state TEXT NOT NULL,
    summary TEXT NOT NULL,
    snapshot BYTEA NOT NULL,
    gp_key TEXT NULL,
    started BIGINT NOT NULL,
    finished BIGINT NULL,
    failure TEXT NULL,
    failure_code TEXT NULL,
    fingerprint TEXT NULL,
    replay_of UUID NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX run_state ON run (tenant, state, id);
CREATE INDEX run_entity ON run (tenant, store, entity, entity_id, id);

CREATE TABLE step (
    tenant UUID NOT NULL,
    run UUID NOT NULL,
    number BIGINT NOT NULL,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    state TEXT NOT NULL,
    started BIGINT NOT NULL,
    finished BIGINT NULL,
    failure TEXT NULL,
    PRIMARY KEY (tenant, run, number)
);

-- Bodies, compressed: of steps (owner is the run) and of commands (owner is the document's id).
CREATE TABLE payload (
    tenant UUID NOT NULL,
    owner UUID NOT NULL,
    number BIGINT NOT NULL,
    part TEXT NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (tenant, owner, number, part)
);

CREATE TABLE command (
    tenant UUID NOT NULL,
    id UUID NOT NULL,
    agent UUID NOT NULL,
    company UUID NOT NULL,
    database TEXT NOT NULL,
    run UUID NOT NULL,
    lane_group UUID NOT NULL,
    lane_key TEXT NOT NULL,
    effect_key TEXT NOT NULL,
    document UUID NOT NULL,
    body BYTEA NOT NULL,
    created BIGINT NOT NULL,
    answered BIGINT NULL,
    result BYTEA NULL,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX command_open ON command (tenant, agent, id) WHERE answered IS NULL;
CREATE INDEX command_run ON command (tenant, run);

CREATE TABLE link (
    tenant UUID NOT NULL,
    company UUID NOT NULL,
    kind TEXT NOT NULL,
    store UUID NOT NULL,
    store_key TEXT NOT NULL,
    gp_key TEXT NOT NULL,
    complete BOOLEAN NOT NULL,
    written_sha256 BYTEA NULL,
    run UUID NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (tenant, company, kind, store, store_key)
);
CREATE INDEX link_gp ON link (tenant, company, kind, gp_key);
CREATE INDEX link_run ON link (tenant, run);

CREATE TABLE gate (
    tenant UUID NOT NULL,
    kind TEXT NOT NULL,
    target UUID NOT NULL,
    reason TEXT NOT NULL,
    closed BIGINT NOT NULL,
    probe BIGINT NULL,
    probes BIGINT NOT NULL,
    PRIMARY KEY (tenant, kind, target)
);

CREATE TABLE transfer_blob (
    tenant UUID NOT NULL,
    sha256 BYTEA NOT NULL,
    content BYTEA NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, sha256)
);

CREATE TABLE audit_head (
    tenant UUID NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);

CREATE TABLE audit (
    tenant UUID NOT NULL,
    seq BIGINT NOT NULL,
    happened BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
);
