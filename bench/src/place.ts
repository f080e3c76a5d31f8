import { openCephStack } from "@audiotricks/e2e/ceph-stack";
import type { Stack } from "@audiotricks/e2e/stack";
import { prepareBucket } from "@audiotricks/storage";
import { ObjectStore, type StoreAddress } from "@audiotricks/testing/object-store";
import { serveBenchPage } from "./serve-bench-page.ts";

/** Where all contenders are measured: one gateway, one page, and for the peers a bucket like ours. */
export interface Place extends AsyncDisposable {
  stack: Stack;
  /** The bucket of everyone but us: ours has a sweeper that knows its objects. */
  bucket: StoreAddress;
  bucketStore: ObjectStore;
  pageUrl: string;
}

const BUCKET = "peers";

export async function openPlace(): Promise<Place> {
  await using opened = new AsyncDisposableStack();
  const stack = opened.use(await openCephStack());
  const pageUrl = `http://127.0.0.1:${stack.guestPort}`;
  const bucket = { ...stack.store.address, bucket: BUCKET };
  // With the rules of our own bucket.
  await prepareBucket({ ...bucket, forcePathStyle: true }, { allowedOrigins: [pageUrl] });
  const bucketStore = new ObjectStore(bucket);
  opened.defer(() => bucketStore.close());
  opened.use(await serveBenchPage(stack.guestPort));
  const moved = opened.move();
  return {
    stack,
    bucket,
    bucketStore,
    pageUrl,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}
