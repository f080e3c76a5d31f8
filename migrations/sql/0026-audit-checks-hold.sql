-- For rows of before as well: in a transaction of its own, so that nobody who writes waits for it.
ALTER TABLE storage_audit
    VALIDATE CONSTRAINT storage_audit_resource_check,
    VALIDATE CONSTRAINT storage_audit_actor_check,
    VALIDATE CONSTRAINT storage_audit_change_check;
