-- What is looked into first. 0: held files, which nobody gets before. 2: what was stored just now. 4: what somebody asked for by SQL,
-- files of years perhaps. One more (1, 3, 5): it failed before.
ALTER TABLE file_checks ADD COLUMN urgency smallint NOT NULL DEFAULT 4 CHECK (urgency BETWEEN 0 AND 5);
-- file_checks_due stays for servers of the release before.
CREATE INDEX file_checks_next ON file_checks (kind, urgency, due_at);

UPDATE file_checks k SET urgency = 0
FROM file_storage f
WHERE f.id = k.file_storage_id AND k.kind = 'scan' AND f.scan_state = 'held';

CREATE OR REPLACE FUNCTION queue_file_checks() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO file_checks (file_storage_id, kind, urgency)
    SELECT NEW.id, k.kind, k.urgency
    FROM (VALUES
        ('sound', NEW.content_type = 'audio_file', 2),
        ('scan', NEW.scan_state IN ('waiting', 'held'), CASE NEW.scan_state WHEN 'held' THEN 0 ELSE 2 END)
    ) AS k (kind, is_due, urgency)
    WHERE k.is_due
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
