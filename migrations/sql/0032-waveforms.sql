-- How loud a sound file is from its beginning to its end, beside it: a file of its own, derived from the other, counted as any and gone with it.
-- Decisions/046. Nobody but the companion makes one: initiate_file_storage and the HTTP interface know no such content type.

ALTER TABLE file_storage DROP CONSTRAINT file_storage_content_type_check;
-- Not looked at again, under a lock that all wait for: what is there satisfied fewer.
ALTER TABLE file_storage ADD CONSTRAINT file_storage_content_type_check
    CHECK (content_type IN ('audio_file', 'export_file', 'avatar', 'document', 'backup', 'waveform')) NOT VALID;

-- As before, and waveforms.
CREATE OR REPLACE FUNCTION allowed_extensions(p_content_type text, p_audio text[])
RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_content_type
        WHEN 'audio_file' THEN p_audio
        WHEN 'export_file' THEN ARRAY['pdf', 'txt', 'srt', 'vtt', 'docx', 'json', 'csv', 'zip', 'gz']
        WHEN 'avatar' THEN ARRAY['png', 'jpg', 'jpeg', 'webp', 'gif']
        WHEN 'document' THEN ARRAY['pdf', 'txt', 'docx', 'md', 'json', 'csv']
        WHEN 'backup' THEN ARRAY['dump', 'gz', 'zip', 'enc', 'age']
        WHEN 'waveform' THEN ARRAY['dat']
    END
$$;

CREATE OR REPLACE FUNCTION object_key(p_content_type text, p_category text, p_id uuid, p_extension text)
RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE p_content_type
        WHEN 'audio_file' THEN
            CASE p_category WHEN 'processed' THEN 'audio/processed/' WHEN 'chunk' THEN 'audio/chunks/' ELSE 'audio/uploads/' END
            || m.month
        WHEN 'export_file' THEN
            CASE p_category WHEN 'bulk' THEN 'exports/bulk/' ELSE 'exports/transcripts/' END || m.month
        WHEN 'avatar' THEN
            CASE p_category WHEN 'workspace-asset' THEN 'static/workspace-assets/' ELSE 'static/avatars/' END
        WHEN 'document' THEN 'documents/' || m.month
        WHEN 'backup' THEN
            CASE p_category WHEN 'database' THEN 'backups/database/' ELSE 'backups/user-data/' END
        WHEN 'waveform' THEN 'audio/waveforms/' || m.month
    END || p_id::text || '.' || p_extension
    FROM (SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY/MM/') AS month) m
$$;
