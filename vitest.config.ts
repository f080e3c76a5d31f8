import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** A file that takes long would run alone at the end; by their size, as a clean clone has it, many of these come last. */
const LONG = [
  "uploads-on-ceph.test.ts",
  "on-ceph.test.ts",
  "on-emulator.test.ts",
  "emulator.test.ts",
  "doctor.test.ts",
  "public.test.ts",
  "kinds.test.ts",
];

/** Searches all that the others left behind. */
const LAST = "07-secrets-told.attack.test.ts";

class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      if (LONG.some((name) => moduleId.endsWith(`/${name}`))) return 0;
      return moduleId.endsWith(LAST) ? 2 : 1;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** Limits are for what hangs: a busy machine is slow, not wrong. */
const expect = { poll: { timeout: 20_000 } };

export default defineConfig({
  test: {
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.{ts,tsx}",
            "apps/*/src/**/*.test.ts",
            "migrations/src/**/*.test.ts",
            "scripts/*.test.mjs",
          ],
          // What a file of tests imports was compiled for the one before it.
          isolate: false,
          testTimeout: 30_000,
          expect,
        },
      },
      {
        test: {
          name: "integration",
          include: ["packages/*/test/**/*.test.ts", "migrations/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", "packages/spaces-emulator/test/contract/**"],
          globalSetup: ["packages/testing/src/vitest-postgres.ts"],
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect,
        },
      },
      {
        test: {
          name: "servers",
          include: ["apps/*/test/**/*.test.ts"],
          globalSetup: ["packages/testing/src/vitest-postgres.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect,
        },
      },
      {
        test: {
          name: "contract",
          include: ["packages/spaces-emulator/test/contract/**/*.test.ts"],
          globalSetup: ["packages/testing/src/vitest-ceph.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect,
        },
      },
      {
        test: {
          name: "upgrade",
          include: ["apps/server/test/upgrade/*.upgrade.ts"],
          globalSetup: ["packages/testing/src/vitest-postgres.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          expect,
        },
      },
      {
        test: {
          name: "attack",
          include: ["e2e/attack/*.attack.test.ts"],
          globalSetup: ["e2e/attack/target/open-target.ts"],
          // One target, one after another: what an attack changes is its own doing.
          fileParallelism: false,
          isolate: false,
          testTimeout: 600_000,
          hookTimeout: 120_000,
          expect,
        },
      },
    ],
  },
});
