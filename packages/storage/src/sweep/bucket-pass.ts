import { UploadError } from "@audiotricks/protocol";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { BucketToSweep } from "./find-buckets.ts";
import { openPass, type Place, putOff, savePass } from "./pass-progress.ts";
import type { Step, Turn } from "./step.ts";

/** What a pass through a bucket finds on one page, in order. */
export interface Findings<Item> {
  items: Item[];
  /** `undefined` at the end of the bucket. */
  next: Place | undefined;
}

/** Something to be done about what lies in a bucket. */
export interface Found {
  id: string;
  place: Place;
}

/**
 * Looks through one bucket, a batch of what is found a turn and no more than one page listed. Each turn goes on where the one
 * before had got to, in whatever sweep that was: however much there is, and however fast it comes back, the pass comes to the
 * last key. What fails is for the next pass.
 */
export function passThrough<Item extends Found>(
  bucket: BucketToSweep,
  kind: {
    look: (
      context: StorageContext,
      store: Store,
      bucket: BucketToSweep,
      after: Place,
    ) => Promise<Findings<Item>>;
    work: (turn: Turn, store: Store, item: Item) => Promise<void>;
  },
): Step {
  let after: Place | undefined;
  let page: Findings<Item> | undefined;
  return {
    id: bucket.providerId,
    turn: async (turn) => {
      const { context } = turn;
      const open = () => context.stores.of(bucket.providerId);
      try {
        after ??= await openPass(context.db, bucket);
        page ??= await kind.look(context, await open(), bucket, after);
        const batch = page.items.slice(0, context.settings.sweepBatch);
        const { begun } = await turn.each(batch, async (item) => kind.work(turn, await open(), item));
        const items = page.items.slice(begun);
        const last = batch[begun - 1]?.place;
        const { next } = page;
        if (items.length > 0) {
          page = { items, next };
          if (last !== undefined) await savePass(context, bucket, last);
          return true;
        }
        page = undefined;
        after = next;
        await savePass(context, bucket, next);
        return next !== undefined;
      } catch (error) {
        await putOff(context, bucket);
        if (isNoKeyToQuiet(bucket, error)) return false;
        throw error;
      }
    },
  };
}

/** There is nothing to reach it with, or we do not speak its protocol. */
const NO_KEY: readonly string[] = ["no_provider", "provider_unsupported"];

/** Nobody sends anything there, and the nightly reconciliation says that there is no key to it. */
export function isNoKeyToQuiet({ isBusy }: BucketToSweep, error: unknown): boolean {
  return !isBusy && error instanceof UploadError && NO_KEY.includes(error.code);
}
