-- A sweep asks for forms before every batch of expired sessions: without an index each asking read all of those, 60 ms of processor for
-- 100,000, and whoever started an upload meanwhile waited for the processor.
CREATE INDEX multipart_uploads_forms ON multipart_uploads (expires_at)
    WHERE origin = 's3' AND upload_method = 'put' AND status = 'active';
