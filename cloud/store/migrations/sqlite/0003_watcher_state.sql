-- What the agent says of a watcher, and its last full read.
ALTER TABLE watch ADD COLUMN means TEXT NULL;
ALTER TABLE watch ADD COLUMN problem TEXT NULL;
ALTER TABLE watch ADD COLUMN full_read INTEGER NULL;
ALTER TABLE watch ADD COLUMN rows_seen INTEGER NULL;
ALTER TABLE watch ADD COLUMN rows_changed INTEGER NULL;
