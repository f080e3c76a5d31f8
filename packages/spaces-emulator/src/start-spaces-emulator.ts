import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Disk } from "./disk.ts";
import { FaultControl } from "./faults/fault-control.ts";
import { FaultKit } from "./faults/fault-kit.ts";
import { type Emulator, serve } from "./serve.ts";
import type { Credentials } from "./signature.ts";

export interface SpacesEmulatorOptions {
  /** 0 for any free port. */
  port?: number;
  /** Loopback by default: this is for trying and for tests. */
  host?: string;
  /** Everything is kept here; it is made if absent. One process at a time. */
  dataDir: string;
  credentials: readonly Credentials[];
  /** Told of each request once it is answered. Must not throw. */
  onRequest?: (entry: EmulatorRequest) => void;
  /**
   * `ceph` is as odd as the gateway that Spaces is made of; `polite` adds the CORS headers that it leaves off refusals,
   * so that a browser can read them.
   */
  profile?: "ceph" | "polite";
  /** What goes wrong; nothing by default. */
  faults?: FaultKit;
  /** Whoever has it may inject faults over HTTP (`connectFaults`); nobody by default. At least 16 characters. */
  faultToken?: string;
}

export interface EmulatorRequest {
  method: string;
  bucket: string | undefined;
  key: string | undefined;
  /** Without signatures. */
  query: Record<string, string>;
  /** 0 where a fault left it without an answer. */
  status: number;
  /** Bytes that the request announced. */
  requestBytes: number;
  responseBytes: number;
}

export interface SpacesEmulator extends AsyncDisposable {
  /** For path style; `BUCKET.localhost` at the same port is the other. */
  endpoint: string;
  port: number;
  close(): Promise<void>;
}

/**
 * Starts a local Spaces.
 *
 * @throws The system's error when the port is taken (`EADDRINUSE`) or the directory cannot be written.
 */
export async function startSpacesEmulator(options: SpacesEmulatorOptions): Promise<SpacesEmulator> {
  const { port = 9000, host = "127.0.0.1", dataDir, faultToken } = options;
  const faults = options.faults ?? (faultToken === undefined ? undefined : new FaultKit());
  const control =
    faults === undefined || faultToken === undefined ? undefined : new FaultControl(faults, faultToken);
  const disk = await Disk.open(dataDir);
  const stopping = new AbortController();
  const emulator: Emulator = { disk, options, faults, control, stopped: stopping.signal };
  const server = createServer(
    { keepAliveTimeout: 60_000, requestTimeout: 0, highWaterMark: 1 << 18 },
    (message, response) => {
      void serve(message, response, emulator);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const actual = (server.address() as AddressInfo).port;
  const close = async (): Promise<void> => {
    stopping.abort();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { endpoint: `http://${host}:${actual}`, port: actual, close, [Symbol.asyncDispose]: close };
}
