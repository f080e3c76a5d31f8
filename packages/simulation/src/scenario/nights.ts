import { COUNTED } from "../invariants/truth.ts";
import type { Site } from "../site/site.ts";
import type { FileRow, Snapshot } from "../site/snapshot.ts";
import type { Climate } from "../world/climate.ts";
import type { Cast } from "./perform.ts";

export interface Finding {
  kind: string;
  /** A key, whose counter it is, or what is to be answered. */
  of: string;
}

/** Longer than anything is left alone for. */
const WAITS_MS = [60_000, 4_000_000, 90_000_000, 300_000_000, 4_000_000];

/** Sweeps and the night's check, first in the weather of before, then in calm. @returns What was found in the calm. */
export async function nightsLater(site: Site, cast: Cast, climate: Climate): Promise<Finding[]> {
  const { world, faults } = site;
  const found: Finding[] = [];
  const note = (finding: object) => void found.push(toFinding(finding));
  for (const [index, ms] of WAITS_MS.entries()) {
    if (index < 2) faults.climate = climate;
    else faults.calm();
    let isOver = false;
    void cast.as(`night ${index}`, async () => {
      await cast.device.ask((storage) => storage.moveFiles(), 600_000).catch(() => {});
      await cast.device.ask((storage) => storage.sweep()).catch(() => {});
      const isLast = index === WAITS_MS.length - 1;
      const tell = (finding: { kind: string }) => {
        // A counter is mended, so it is told of once; whoever hears of it must not forget it.
        if (isLast || finding.kind === "counter_differs") note(finding);
      };
      await cast.device
        .ask((storage) => storage.upkeep.reconcile({ onFinding: tell }), 600_000)
        .catch((error: unknown) => {
          if (index >= 2) site.wrong(`14: the night's check fails in calm weather: ${String(error)}`);
        });
      isOver = true;
    });
    await world.passUntil(() => isOver, 2_000_000);
    await world.pass(ms);
  }
  return found.filter(({ kind }) => kind !== "ended_object");
}

function toFinding(finding: object): Finding {
  const { kind, file, object, scopeId, key, id } = finding as {
    kind: string;
    file?: { key: string };
    object?: { key: string };
    scopeId?: string;
    key?: string;
    id?: string;
  };
  return { kind, of: file?.key ?? object?.key ?? scopeId ?? key ?? id ?? "" };
}

export function promisedOf({ files }: Snapshot): FileRow[] {
  return files.filter(({ status }) => COUNTED.includes(status));
}
