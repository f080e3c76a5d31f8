import { expect, it } from "vitest";
import { nameOfStatement } from "./trace-statements.ts";

it.each([
  [`select "id" from "file_storage" as "f" where "id" = $1`, "SELECT file_storage"],
  [`insert into "spaces_operations" ("a") values ($1)`, "INSERT spaces_operations"],
  ["UPDATE multipart_uploads u SET status = 'active'", "UPDATE multipart_uploads"],
  ["SELECT fold_analytics($1::integer) AS folded", "SELECT fold_analytics"],
  [
    "\n  WITH a AS MATERIALIZED (SELECT f.id FROM jsonb_to_recordset($1) AS a JOIN file_storage f ON true) UPDATE file_storage SET x = 1",
    "UPDATE file_storage",
  ],
  ["SELECT * FROM unnest($1::uuid[]) AS a JOIN users u ON true FOR NO KEY UPDATE OF u", "SELECT users"],
  ["INSERT INTO s3_tokens (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", "INSERT s3_tokens"],
  ["begin", "BEGIN"],
  ["SET LOCAL lock_timeout = '2s'", "SET"],
  ["", "SQL"],
  ["VALUES ('secret')", "SQL"],
])("calls %j what it does", (text, name) => {
  expect(nameOfStatement(text)).toBe(name);
});
