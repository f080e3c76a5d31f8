import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { type Lane, openLane } from "../network/lane.ts";
import { ObjectStore, type StoreAddress } from "../truth/object-store.ts";

/** A store of its own, and the wire by which browser and server both reach it: cut, it is a region that is gone. */
export interface LocalRegion extends AsyncDisposable {
  lane: Lane;
  /** Past the lane. The bucket is still to be made. */
  store: ObjectStore;
  /** By way of the lane. */
  address: StoreAddress;
}

/** @param folder Where it keeps everything; whoever made that removes it. */
export async function openLocalRegion(folder: string, bucket: string): Promise<LocalRegion> {
  await using opened = new AsyncDisposableStack();
  const credentials = { accessKeyId: "LOCALREGION", secretAccessKey: "local-region-secret" };
  const emulator = opened.use(
    await startSpacesEmulator({ port: 0, dataDir: join(folder, bucket), credentials: [credentials] }),
  );
  const lane = opened.use(await openLane(emulator.port));
  const address = { endpoint: lane.url, region: "us-east-1", bucket, ...credentials };
  const store = new ObjectStore({ ...address, endpoint: emulator.endpoint });
  opened.defer(() => store.close());
  const moved = opened.move();
  return { lane, store, address, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}
