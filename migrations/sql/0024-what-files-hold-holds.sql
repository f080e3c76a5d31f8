-- For rows of before as well: in a transaction of its own, so that nobody who reads or writes waits for it.
ALTER TABLE file_storage
    VALIDATE CONSTRAINT file_storage_scan_state_check,
    VALIDATE CONSTRAINT file_storage_quarantined_from_check,
    VALIDATE CONSTRAINT file_storage_sound_check;
-- Whoever writes waits while this is made, and whoever reads does not.
CREATE INDEX file_storage_held_back ON file_storage (created_at DESC, id) WHERE status = 'quarantined' OR scan_state = 'held';
