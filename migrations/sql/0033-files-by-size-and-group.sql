-- Before a file is sent: whether there is one of the same content, which has the same size. Whoever writes waits while this is made, and
-- whoever reads does not.
CREATE INDEX file_storage_workspace_size ON file_storage (workspace_id, file_size, created_at DESC);
CREATE INDEX file_storage_user_size ON file_storage (user_id, file_size, created_at DESC) WHERE workspace_id IS NULL;
-- Files that are one thing, such as the stems of a piece: who reads them is decided once all are there. Whoever writes waits while this is
-- made, and whoever reads does not.
CREATE INDEX file_storage_group ON file_storage ((metadata #>> '{$group,id}')) WHERE metadata ? '$group';
