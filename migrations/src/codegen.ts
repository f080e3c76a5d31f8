import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTemplate, createTestDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";

// Writes the row types of a freshly migrated database; with --check it only tells whether they drifted.
const COMMITTED = fileURLToPath(new URL("../../packages/storage/src/database-schema.ts", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

const fresh = format(await generate());
if (!process.argv.includes("--check")) {
  await writeFile(COMMITTED, fresh);
} else if (fresh !== (await readFile(COMMITTED, "utf8"))) {
  console.error(
    "Row types drifted from the migrations: run `pnpm --filter @audiotricks/migrations run codegen`.",
  );
  process.exitCode = 1;
}

async function generate(): Promise<string> {
  await using postgres = await startPostgres();
  await createTemplate(postgres.url);
  await using database = await createTestDatabase(postgres.url);
  const scratch = await mkdtemp(join(tmpdir(), "at-codegen-"));
  try {
    const draft = join(scratch, "database-schema.ts");
    execFileSync(binary("../node_modules/.bin/kysely-codegen"), [
      "--dialect=postgres",
      "--no-partitions",
      // bigint holds sizes below 2^53: drivers are told to read it as a number.
      '--type-mapping={"int8":"number"}',
      "--exclude-pattern=kysely_*",
      `--url=${database.url}`,
      `--out-file=${draft}`,
    ]);
    return await readFile(draft, "utf8");
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** By the project's own rules: with the path it will have. */
function format(source: string): string {
  const command = ["format", `--stdin-file-path=${COMMITTED}`];
  return execFileSync(binary("../../node_modules/.bin/biome"), command, {
    cwd: REPOSITORY,
    input: source,
    encoding: "utf8",
  });
}

function binary(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
