import type { DeletionOutcome, FoundObject, Storage } from "@audiotricks/storage";
import { type ListedObject, nameOf } from "./unknown-list.ts";

/** What became of an object on the list: as storage has it, and what a new look through the buckets has shown. */
export type ListedOutcome =
  | DeletionOutcome
  /** It is gone, or a row knows it by now. */
  | "not_unknown"
  /** Not yet as old as an object must be. Kept. */
  | "young";

export type Outcomes = Partial<Record<ListedOutcome, number>>;

/** Which of the list the last look has found just as it says, and how old they are. */
export interface SecondLook {
  see(found: ListedObject): void;
  /**
   * Deletes them, each looked at once more, and counts what became of every object on the list.
   *
   * @param onDeleted What has gone, of one provider at a time, at most `MAX_TOLD`; also before an error is thrown.
   */
  finish(
    storage: Storage,
    signal: AbortSignal,
    onDeleted: (gone: ListedObject[]) => Promise<void>,
  ): Promise<Outcomes>;
}

/** Keys of as many go into one entry of the audit log. */
const MAX_TOLD = 30;

/** @param options.graceMs Those that are younger are kept: whoever put them there may still write their rows. */
export function openSecondLook(
  listed: ReadonlyMap<string, ListedObject>,
  { graceMs, now }: { graceMs: number; now: () => Date },
): SecondLook {
  const verdicts = new Map<string, "same" | "changed" | "young">();
  return {
    see: (found) => {
      const name = nameOf(found);
      const entry = listed.get(name);
      if (entry === undefined) return;
      const isSame = isSameObject(entry.object, found.object);
      const isOld = now().getTime() - found.object.lastModified.getTime() >= graceMs;
      verdicts.set(name, !isSame ? "changed" : isOld ? "same" : "young");
    },
    finish: async (storage, signal, onDeleted) => {
      const outcomes: Outcomes = {};
      let gone: ListedObject[] = [];
      const tell = async () => {
        if (gone.length > 0) await onDeleted(gone);
        gone = [];
      };
      try {
        for (const [name, entry] of listed) {
          if (signal.aborted) break;
          const verdict = verdicts.get(name) ?? "not_unknown";
          const outcome = verdict === "same" ? await storage.upkeep.deleteUnknownObject(entry) : verdict;
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          if (outcome !== "deleted") continue;
          if (gone.length >= MAX_TOLD || (gone[0] ?? entry).providerId !== entry.providerId) await tell();
          gone.push(entry);
        }
      } finally {
        await tell();
      }
      return outcomes;
    },
  };
}

/** The same bytes put there anew are another object. */
function isSameObject(a: FoundObject, b: FoundObject): boolean {
  return a.size === b.size && a.etag === b.etag && a.lastModified.getTime() === b.lastModified.getTime();
}
