-- What is made of a file, and where its bytes lie, can be said only of bytes that are there: a row moved from `uploading` by hand would
-- promise an object that nobody has proved, be counted as used, and still hold what its open session reserved.
DROP TRIGGER file_storage_transition ON file_storage;
CREATE TRIGGER file_storage_transition BEFORE UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (
        OLD.status IN ('deleted', 'failed')
        OR (OLD.status = 'deleting' AND NEW.status <> 'deleted')
        OR (OLD.status = 'uploading' AND NEW.status IN ('processing', 'processed', 'quarantined', 'archived', 'recalling'))
        OR (OLD.status NOT IN ('uploading', 'deleting') AND NEW.status IN ('uploading', 'failed', 'deleted'))))
    EXECUTE FUNCTION refuse_transition();
