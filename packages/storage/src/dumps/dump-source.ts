import type { DumpAbout } from "./dump-header.ts";

/** What a dump is made of. */
export interface DumpSource {
  engine: DumpAbout["engine"];
  /** What happened after this moment may not be in it; by default that of the claim, which comes before the source is opened. */
  asOf?: Date | undefined;
  /**
   * Made now, and no faster than it is read.
   *
   * @param serverVersion Of the server, as it says itself.
   * @throws {OperatorError} `dump_tools_missing`, `dump_failed`: then what came is not all of it.
   */
  open(serverVersion: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
}

/** Of PGlite, which can only be copied whole and in memory: `dumpDataDir` of it. */
export function pgliteSource(dumpDataDir: () => Promise<Blob>): DumpSource {
  return {
    engine: "pglite",
    open: async function* () {
      yield* (await dumpDataDir()).stream();
    },
  };
}
