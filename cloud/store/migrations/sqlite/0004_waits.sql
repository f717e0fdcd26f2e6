-- Events may be meant for one route and bring something along.
ALTER TABLE event ADD COLUMN route BLOB NULL;
ALTER TABLE event ADD COLUMN body TEXT NULL;

-- What brings a run back that had let its lane go, JSON.
ALTER TABLE job ADD COLUMN woken TEXT NULL;

-- A run that is part of another one: the step it does, its name among all parts, its place, the
-- round of the whole it counts in, whether it is still counted as not ended.
ALTER TABLE run ADD COLUMN parent BLOB NULL;
ALTER TABLE run ADD COLUMN part_step TEXT NULL;
ALTER TABLE run ADD COLUMN part TEXT NULL;
ALTER TABLE run ADD COLUMN part_number INTEGER NULL;
ALTER TABLE run ADD COLUMN part_stop INTEGER NULL;
ALTER TABLE run ADD COLUMN part_round INTEGER NULL;
ALTER TABLE run ADD COLUMN part_open INTEGER NULL;
-- Of a run that has parts: its present round, and how many of them have not ended. Apart from the
-- run, whose snapshot may be large: each part that ends changes this row.
CREATE TABLE whole (
    tenant BLOB NOT NULL,
    run BLOB NOT NULL,
    round INTEGER NOT NULL,
    parts_left INTEGER NOT NULL,
    PRIMARY KEY (tenant, run)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX run_part ON run (tenant, parent, part) WHERE parent IS NOT NULL;

-- Runs that let their lane go; it goes on without them.
CREATE TABLE wait (
    tenant BLOB NOT NULL,
    run BLOB NOT NULL,
    lane_group BLOB NOT NULL,
    lane_key TEXT NOT NULL,
    step TEXT NOT NULL,
    kind TEXT NOT NULL,
    topics TEXT NOT NULL,
    due INTEGER NULL,
    reason TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX wait_due ON wait (tenant, due) WHERE due IS NOT NULL;
CREATE INDEX wait_lane ON wait (tenant, lane_group, lane_key);
CREATE INDEX wait_kind ON wait (tenant, kind, run);

-- When workflows start by themselves: one row for each schedule of each route in force. due is null
-- where there is no next time.
CREATE TABLE schedule (
    tenant BLOB NOT NULL,
    route BLOB NOT NULL,
    place INTEGER NOT NULL,
    environment BLOB NOT NULL,
    store BLOB NOT NULL,
    workflow TEXT NOT NULL,
    schedule TEXT NOT NULL,
    zone TEXT NOT NULL,
    due INTEGER NULL,
    PRIMARY KEY (tenant, route, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedule_due ON schedule (tenant, due) WHERE due IS NOT NULL;
CREATE INDEX schedule_environment ON schedule (tenant, environment);
-- The revision its schedules were taken from; null when they must be taken anew.
ALTER TABLE environment ADD COLUMN scheduled INTEGER NULL;

-- When the workflows that listen to a change were given it.
ALTER TABLE gp_change ADD COLUMN taken INTEGER NULL;
UPDATE gp_change SET taken = received;
CREATE INDEX gp_change_untaken ON gp_change (tenant, id) WHERE taken IS NULL;

-- What people said about dead letters with one cause.
CREATE TABLE issue (
    tenant BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    owner TEXT NULL,
    state TEXT NOT NULL,
    notes TEXT NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, fingerprint)
) STRICT, WITHOUT ROWID;
