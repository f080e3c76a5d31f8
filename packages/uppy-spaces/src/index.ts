export type { CallOptions, CompanionClientOptions } from "./companion-call.ts";
export { type CompanionClient, createCompanionClient } from "./companion-client.ts";
export type { FlightCause, FlightEvent, FlightPhase, FlightRecord } from "./engine/flight-recorder.ts";
export type { RetryOptions } from "./engine/retry-pacer.ts";
export { findSessionsInUse } from "./sessions-in-use.ts";
export { type FlightSummary, flightToJson, type SlowReason, summarizeFlight } from "./summarize-flight.ts";
export type { GetToken } from "./token-source.ts";
export type * from "./upload-status.ts";
export { UppySpaces, UppySpaces as default, type UppySpacesOptions } from "./uppy-spaces.ts";
