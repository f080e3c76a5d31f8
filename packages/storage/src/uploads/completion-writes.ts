import { deleteObject, deleteObjects } from "../s3/delete-objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { createGathering } from "./gathering.ts";
import { LeaseLost } from "./lease.ts";
import { type Choice, recordChoices } from "./record-choices.ts";
import { recordStored, type StoredOutcome } from "./record-outcome.ts";

/** What completing writes down or takes away for one session: by itself, or together with others. */
export interface CompletionWrites {
  /** @throws {LeaseLost} */
  choose(choice: Choice): Promise<void>;
  /** @throws {LeaseLost} */
  store(outcome: StoredOutcome): Promise<void>;
  removeTemporary(temporary: Temporary): Promise<void>;
}

interface Temporary {
  store: Store;
  key: string;
}

/** Each by itself. */
export function writeAlone(context: StorageContext): CompletionWrites {
  return {
    choose: async (choice) => requireLease((await recordChoices(context, [choice]))[0]),
    store: async (outcome) => requireLease((await recordStored(context, [outcome]))[0]),
    removeTemporary: ({ store, key }) => deleteObject(store.s3, key),
  };
}

/**
 * Together with the others of a batch.
 *
 * @param count How many sessions the batch has; for each, `seat` is to be called once.
 */
export function writeTogether(context: StorageContext, count: number) {
  const patienceMs = context.settings.batchPatienceMs;
  const gather = <Item, Result>(write: (items: readonly Item[]) => Promise<readonly Result[]>) =>
    createGathering({ seats: count, patienceMs, write });
  const choices = gather((items: readonly Choice[]) => recordChoices(context, items));
  const outcomes = gather((items: readonly StoredOutcome[]) => recordStored(context, items));
  const removals = gather(removeTemporaries);

  return {
    /** For one session; `leave` when its work is over, however it ended, so that nobody waits for it. */
    seat(): { writes: CompletionWrites; leave: () => void } {
      const [choice, outcome, removal] = [choices(), outcomes(), removals()];
      return {
        writes: {
          choose: async (item) => requireLease(await choice.write(item)),
          store: async (item) => requireLease(await outcome.write(item)),
          removeTemporary: async (item) => void (await removal.write(item)),
        },
        leave: () => {
          choice.leave();
          outcome.leave();
          removal.leave();
        },
      };
    },
  };
}

function requireLease(isOurs: boolean | undefined): void {
  if (isOurs !== true) throw new LeaseLost();
}

async function removeTemporaries(items: readonly Temporary[]): Promise<true[]> {
  for (const ofStore of Map.groupBy(items, ({ store }) => store.s3.client).values()) {
    const [{ store, key }, ...others] = ofStore as [Temporary, ...Temporary[]];
    if (others.length === 0) await deleteObject(store.s3, key);
    else {
      const { userId = null } = store.s3.subject;
      await deleteObjects(
        { ...store.s3, subject: { userId } },
        ofStore.map((temporary) => temporary.key),
      );
    }
  }
  return items.map(() => true);
}
