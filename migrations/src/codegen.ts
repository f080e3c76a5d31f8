import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTemplate, createTestDatabase } from "@audiotricks/testing/database";
import { startPostgres } from "@audiotricks/testing/postgres";

// Writes the row types of a freshly migrated database; with --check it only tells whether they drifted.
const committed = fileURLToPath(new URL("../../packages/storage/src/database-schema.ts", import.meta.url));
const repository = fileURLToPath(new URL("../..", import.meta.url));
const bin = fileURLToPath(new URL("../node_modules/.bin/kysely-codegen", import.meta.url));

// Beside the project, so that Biome formats the draft by the project's own rules.
const scratch = await mkdtemp(join(repository, "packages/storage/src/codegen-"));
try {
  const draft = join(scratch, "database-schema.ts");
  await using postgres = await startPostgres();
  await createTemplate(postgres.url);
  await using database = await createTestDatabase(postgres.url);
  // bigint holds sizes below 2^53: drivers are told to read it as a number.
  const options = [
    "--dialect=postgres",
    "--no-partitions",
    "--type-mapping",
    '{"int8":"number"}',
    "--exclude-pattern=kysely_*",
  ];
  execFileSync(bin, [...options, `--url=${database.url}`, `--out-file=${draft}`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  execFileSync("biome", ["check", "--write", draft], {
    cwd: repository,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const fresh = await readFile(draft, "utf8");
  if (process.argv.includes("--check")) {
    if (fresh !== (await readFile(committed, "utf8"))) {
      console.error(
        "Row types drifted from the migrations: run `pnpm --filter @audiotricks/migrations run codegen`.",
      );
      process.exitCode = 1;
    }
  } else {
    await writeFile(committed, fresh);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
