import type { TestPostgres } from "@audiotricks/testing/postgres";
import type { Pool } from "pg";
import type { Random } from "./random.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Store } from "./store.ts";

/** Something that can be killed. */
export interface Victim {
  /** How likely it is the next, beside the others; by what it is at. */
  weight(): number;
  /** What was killed, as it is counted; `undefined`: there was nothing to kill. */
  kill(): Promise<string | undefined>;
  revive(): Promise<void>;
}

export function serverVictim(kind: "companion" | "worker", server: ServerProcess): Victim {
  return {
    // In mid-start too, but rarely: one that only ever starts takes no uploads.
    weight: () => (server.url === undefined ? 0.1 : 1),
    kill: async () => {
      if (!server.isRunning) return undefined;
      const what = server.url === undefined ? `${kind}, while it starts` : kind;
      await server.kill();
      return what;
    },
    revive: async () => server.start(),
  };
}

export function gatewayVictim(gateway: NonNullable<Store["process"]>): Victim {
  return {
    weight: () => 2,
    kill: async () => ((await gateway.kill()) ? "gateway" : undefined),
    revive: () => gateway.restart(),
  };
}

/** The postmaster: by SIGKILL, or at once and with its sessions by SIGQUIT ("immediate"). */
export function postmasterVictim(postgres: TestPostgres, signal: "SIGKILL" | "SIGQUIT"): Victim {
  return {
    weight: () => 1,
    kill: async () => {
      await postgres.crash(signal);
      return `postmaster, ${signal}`;
    },
    revive: () => postgres.restart(),
  };
}

/** The process of one session, after which the postmaster ends all others and recovers. */
export function sessionVictim(pool: Pool, random: Random): Victim {
  return {
    weight: () => 2,
    kill: async () => {
      const rows = await pool
        .query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
        .then(
          (found) => found.rows,
          () => [],
        );
      if (rows.length === 0) return undefined;
      return killIfThere(random.pick(rows).pid) ? "database session" : undefined;
    },
    revive: () => Promise.resolve(),
  };
}

/** It may have gone by itself meanwhile. */
function killIfThere(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
