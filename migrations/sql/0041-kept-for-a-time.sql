-- What nobody asks for any more goes: what pipelines left in temp/processing/, and rows of what is over.

ALTER TABLE sweep_progress DROP CONSTRAINT sweep_progress_kind_check;
-- Objects where single PUTs land, those of pipelines, or multipart uploads under way.
ALTER TABLE sweep_progress ADD CONSTRAINT sweep_progress_kind_check CHECK (kind IN ('temporary', 'processing', 'uploads'));

CREATE INDEX storage_exports_finished ON storage_exports (finished_at) WHERE status IN ('done', 'failed', 'cancelled');

-- One truth for all servers and the command.
ALTER TABLE storage_settings
    -- How long an object, or an upload without an end, lies in temp/processing/: longer than any run of a pipeline takes.
    ADD COLUMN processing_kept_hours integer NOT NULL DEFAULT 72 CHECK (processing_kept_hours BETWEEN 1 AND 87600),
    -- Days that an export is told of after its end, and while its archive is there.
    ADD COLUMN exports_kept_days integer NOT NULL DEFAULT 90 CHECK (exports_kept_days BETWEEN 1 AND 3650),
    -- Whole months whose bills can be worked out, beside the current one.
    ADD COLUMN cost_days_kept_months integer NOT NULL DEFAULT 36 CHECK (cost_days_kept_months BETWEEN 1 AND 1200);
