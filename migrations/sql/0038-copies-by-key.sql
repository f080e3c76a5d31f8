-- For how long the copy of a deleted file is kept, for all servers and whoever types a command; and copies in the order in which their
-- bucket lists them.

ALTER TABLE storage_settings
    ADD COLUMN backup_kept_days integer NOT NULL DEFAULT 30 CHECK (backup_kept_days BETWEEN 1 AND 3650);

CREATE INDEX file_backups_by_key ON file_backups (backup_provider_id, object_key COLLATE "C");
