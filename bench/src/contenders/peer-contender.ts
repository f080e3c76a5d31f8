import { PREFERRED_PART_SIZE } from "@audiotricks/protocol";
import { countBucket, emptyBucket, openClient } from "../bucket-client.ts";
import { startPeer } from "../peers/start-peer.ts";
import { totalBytes } from "../workload.ts";
import type { Contender } from "./contender.ts";

export interface PeerContenderOptions extends Pick<Contender, "name" | "title" | "isOneLane"> {
  /** In `src/peers`. */
  program: string;
  /** Of keys of objects that are not files. */
  ignoredEnding?: string;
}

/** A contender with a server of its own that puts files into the peers' bucket. */
export function peerContender(options: PeerContenderOptions): Contender {
  const { name, title, isOneLane, program, ignoredEnding } = options;
  return {
    name,
    title,
    isOneLane,
    async open(place) {
      const { bucket } = place.bucket;
      const client = openClient(place.bucket);
      const peer = await startPeer(program, place);
      return {
        origin: peer.origin,
        settings: () => Promise.resolve({ origin: peer.origin, partSize: PREFERRED_PART_SIZE }),
        async finish(workload) {
          const { objects, bytes } = await countBucket(client, bucket, ignoredEnding);
          await emptyBucket(client, bucket);
          if (objects !== workload.count || bytes !== totalBytes(workload)) {
            throw new Error(`The bucket has ${objects} files of ${bytes} bytes.`);
          }
        },
        async [Symbol.asyncDispose]() {
          client.destroy();
          await peer[Symbol.asyncDispose]();
        },
      };
    },
  };
}
