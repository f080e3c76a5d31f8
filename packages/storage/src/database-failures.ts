import { UploadError } from "@audiotricks/protocol";
import { databaseBusy } from "./begin-again.ts";

/**
 * The same object, whose calls answer `database_unavailable` when the database cannot be reached, however deep the
 * failure came from. All its members are async functions, or objects of such.
 */
export function nameDatabaseFailures<Api extends object>(api: Api): Api {
  // Every request passes through here: made once, not for each.
  const named = new Map<unknown, unknown>();
  return new Proxy(api, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== "function" && (typeof member !== "object" || member === null)) return member;
      let wrapped = named.get(member);
      if (wrapped === undefined) {
        wrapped =
          typeof member === "function" ? nameFailuresOf(member, target) : nameDatabaseFailures(member);
        named.set(member, wrapped);
      }
      return wrapped;
    },
  });
}

function nameFailuresOf(call: object, target: object) {
  return async (...args: unknown[]): Promise<unknown> => {
    try {
      return await Reflect.apply(call as (...given: unknown[]) => Promise<unknown>, target, args);
    } catch (error) {
      throw isDatabaseAway(error)
        ? databaseUnavailable(error)
        : isUndone(error)
          ? databaseBusy(error)
          : error;
    }
  };
}

/** What the network says when nobody answers; a store's silence has become `storage_unavailable` before it gets here. */
const NETWORK_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
]);
/** SQLSTATE: connection exceptions, out of resources, shutting down or starting up. */
const SQLSTATES = /^(?:08...|53...|57P0[1-3])$/;
/** What node-postgres says without a code. */
const MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client .* and is not queryable$)/;

/** Whether it is the database that did not answer, however deep that came from. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof UploadError || !(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isDatabaseAway)) return true;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return NETWORK_CODES.has(code) || SQLSTATES.test(code) || MESSAGES.test(error.message);
}

/** SQLSTATE: a deadlock or a serialization failure, of what nobody has begun again. */
function isUndone(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(?:40P01|40001)$/.test(String(error.code));
}

function databaseUnavailable(cause: unknown): UploadError {
  return new UploadError("database_unavailable", "The database does not answer. Try again.", { cause });
}

/**
 * SQLSTATE: a value that cannot be, a constraint, a deadlock, a row that is locked, what a trigger says (`AT` is ours). Another row in
 * the same statement may be all right.
 */
export function isAboutOne(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && /^(?:(?:22|23|40|AT|P0)...|55P03)$/.test(String(error.code))
  );
}
