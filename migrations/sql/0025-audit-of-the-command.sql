-- What whoever runs the deployment changes by hand: by the operating system's user at a machine, who is nobody that signs in.

ALTER TABLE storage_audit
    -- `cli:USER@HOST`, as the command line says it; NULL for whatever came over HTTP.
    ADD COLUMN actor text,
    -- What it was before and what it is after, without secrets.
    ADD COLUMN change jsonb,
    DROP CONSTRAINT storage_audit_resource_check;

-- Wider than what it replaces: no row of before needs to be looked at while everything waits (0026 does, beside them).
ALTER TABLE storage_audit
    ADD CONSTRAINT storage_audit_resource_check CHECK (resource IN (
        'nothing', 'self', 'workspace', 'file', 'upload', 'token', 'audit', 'user', 'provider', 'event', 'deployment')) NOT VALID,
    ADD CONSTRAINT storage_audit_actor_check
        CHECK (actor IS NULL OR actor ~ '^cli:[^[:cntrl:]]+$' AND length(actor) <= 304 AND user_id IS NULL AND service IS NULL) NOT VALID,
    ADD CONSTRAINT storage_audit_change_check
        CHECK (change IS NULL OR jsonb_typeof(change) = 'object' AND length(change::text) <= 65536) NOT VALID;

CREATE INDEX storage_audit_actor ON storage_audit (actor, at DESC) WHERE actor IS NOT NULL;
