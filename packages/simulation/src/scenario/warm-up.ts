import type { SharedDatabase } from "../site/shared-database.ts";
import { CALM } from "../world/climate.ts";
import { live } from "./live.ts";

/** The SDK reads files before its first call; what comes after it waits for nothing but the simulation. */
export async function warmUp(shared: SharedDatabase): Promise<void> {
  const deeds = ["create", "send", "complete", "sweep"] as const;
  await live(
    {
      climate: CALM,
      operations: deeds.map((deed) => ({ do: deed, thenMs: 30_000, which: 0, luck: 1 })),
      servers: 2,
      honoursCopyCondition: true,
      timeZone: "UTC",
      sessionExpiresIn: 3_600,
      uploadUrlExpiresIn: 3_600,
      userBytes: null,
      userFiles: null,
      workspaceBytes: null,
      byHand: "nothing",
      backupAt: 0,
    },
    shared,
  );
}
