import { CONTROL } from "./fault-control.ts";
import { FaultError } from "./fault-error.ts";
import type { Faults, StruckRequest } from "./faults.ts";

/** Where an emulator takes faults. */
export interface FaultAddress {
  /** Of the emulator. */
  endpoint: string;
  /** What it was started with as `faultToken`. */
  token: string;
}

/**
 * The faults of an emulator in another process.
 *
 * Every call @throws {FaultError} `not_open` or `unreachable`.
 */
export function connectFaults({ endpoint, token }: FaultAddress): Faults {
  const log = async (): Promise<StruckRequest[]> => (await call<{ log: StruckRequest[] }>("GET")).log;
  return {
    inject: async (rule) => {
      const { id } = await call<{ id: string }>("POST", "", rule);
      return {
        id,
        heal: () => call("DELETE", `/${id}`),
        log: async () => (await log()).filter(({ ruleId }) => ruleId === id),
      };
    },
    heal: () => call("DELETE"),
    log,
    restart: (seed) => call("PUT", "", { seed }),
  };

  async function call<Content>(method: string, path = "", body?: object): Promise<Content> {
    const answer = await fetch(`${endpoint.replace(/\/$/, "")}/${CONTROL}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new FaultError("unreachable", `No emulator answers at ${endpoint}.`, { cause });
    });
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text) as Content;
    if (answer.status === 400) {
      const { error } = JSON.parse(text) as { error: { message: string } };
      throw new FaultError("invalid_rule", error.message);
    }
    throw new FaultError("not_open", `The emulator at ${endpoint} takes no faults, or not with this token.`);
  }
}
