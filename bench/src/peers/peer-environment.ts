import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { StoreAddress } from "@audiotricks/testing/object-store";

/** What `startPeer` tells the process of a peer's server. */
export interface PeerEnvironment {
  bucket: StoreAddress;
  /** Of the page, for CORS. */
  pageOrigin: string;
  partSize: number;
  /** Where it may keep what it must. */
  folder: string;
}

export function readPeerEnvironment(): PeerEnvironment {
  // As `startPeer` wrote it.
  return JSON.parse(process.env.AT_BENCH_PEER ?? "") as PeerEnvironment;
}

/** Listens on any free port and says which. */
export function announce(server: Server): void {
  server.listen(0, "127.0.0.1", () => {
    // An address of a server that listens on a port.
    const { port } = server.address() as AddressInfo;
    console.log(`listening ${port}`);
  });
}
