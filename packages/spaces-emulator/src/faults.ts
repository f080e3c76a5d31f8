export { connectFaults, type FaultAddress } from "./faults/connect-faults.ts";
export { FaultError, type FaultErrorCode } from "./faults/fault-error.ts";
export { FaultKit } from "./faults/fault-kit.ts";
export type { Effect, Fault, FaultMatch, FaultName, FaultRule } from "./faults/fault-rule.ts";
export type { Faults, InjectedFault, StruckRequest } from "./faults/faults.ts";
export type { Operation } from "./operation.ts";
