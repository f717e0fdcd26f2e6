-- What the agent says of a watcher, and its last full read.
ALTER TABLE watch ADD COLUMN means TEXT NULL;
ALTER TABLE watch ADD COLUMN problem TEXT NULL;
ALTER TABLE watch ADD COLUMN full_read BIGINT NULL;
ALTER TABLE watch ADD COLUMN rows_seen BIGINT NULL;
ALTER TABLE watch ADD COLUMN rows_changed BIGINT NULL;
