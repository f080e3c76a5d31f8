import type { FlightRecord } from "@audiotricks/uppy-spaces";
import Uppy, { BasePlugin, type Meta } from "@uppy/core";
import { MB } from "./samples.ts";

type Flights = Readonly<Record<string, FlightRecord>>;

interface KeptFlightsOptions {
  id: string;
  flights: Flights;
}

/** Stands where the engine's plugin stands, and tells of uploads that were. */
class KeptFlights extends BasePlugin<KeptFlightsOptions, Meta, Record<string, never>> {
  constructor(uppy: Uppy, options: KeptFlightsOptions) {
    super(uppy, options);
    this.id = options.id;
    this.type = "uploader";
  }

  flightRecord = async (fileId: string) => this.opts.flights[this.uppy.getState().files[fileId]?.name ?? ""];
}

/** An Uppy with a file for each record, by name. */
export function uppyWith(flights: Flights): Uppy {
  const uppy = new Uppy();
  uppy.use(KeptFlights, { id: "UppySpaces", flights });
  for (const name of Object.keys(flights)) {
    uppy.addFile({ name, type: "audio/wav", data: new Blob([name], { type: "audio/wav" }) });
  }
  return uppy;
}

export const FLIGHTS: Flights = {
  "Slow line.wav": {
    version: 1,
    fileBytes: 40 * MB,
    nowMs: 61_500,
    phase: "over",
    phases: { session: 400, signature: 100, hashing: 900, network: 56_000, retrying: 3100, store: 1000 },
    sentBytes: 50 * MB,
    lostBytes: 10 * MB,
    causes: { stalled: 1, "http-503": 2 },
    droppedEvents: 0,
    events: [
      { atMs: 0, kind: "creating", phase: "session" },
      { atMs: 400, kind: "hashing", phase: "hashing" },
      { atMs: 500, kind: "hashed", phase: "network", part: 1, ms: 90 },
      { atMs: 21_000, kind: "refused", phase: "retrying", part: 1, cause: "stalled" },
      { atMs: 24_100, kind: "sent", phase: "network", part: 1, bytes: 10 * MB },
      { atMs: 33_000, kind: "stored", phase: "network", part: 1, ms: 8800 },
      { atMs: 61_500, kind: "done", phase: "over" },
    ],
  },
  "Waits for others.wav": {
    version: 1,
    fileBytes: 12 * MB,
    nowMs: 20_000,
    phase: "lane",
    phases: { session: 300, hashing: 200, lane: 19_500 },
    sentBytes: 0,
    lostBytes: 0,
    causes: {},
    droppedEvents: 12,
    events: [{ atMs: 300, kind: "creating", phase: "lane" }],
  },
};
