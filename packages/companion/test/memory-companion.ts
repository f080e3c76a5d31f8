import type { ErrorResponse } from "@audiotricks/protocol/messages";
import { type CompanionOptions, createCompanion, type RequestEntry } from "../src/index.ts";
import { createMemoryStorage } from "./memory-storage.ts";

export const ALPHA = "aaaaaaaa-0000-4000-8000-000000000001";
export const BETA = "bbbbbbbb-0000-4000-8000-000000000002";
export const ORIGIN = "https://app.example.com";

/** A companion over memory, where the bearer token is the user's id. */
export function createMemoryCompanion(options: Partial<CompanionOptions> = {}) {
  const storage = createMemoryStorage();
  const unexpected: unknown[] = [];
  const entries: RequestEntry[] = [];
  const app = createCompanion({
    storage,
    authenticate: async (request) => {
      const userId = /^Bearer (\S+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
      return userId === undefined ? null : { userId };
    },
    allowedOrigins: [ORIGIN],
    onUnexpectedError: (error) => unexpected.push(error),
    onRequest: (entry) => entries.push(entry),
    ...options,
  });

  async function call(method: string, path: string, { user = ALPHA, json, ...init }: CallInit = {}) {
    const headers = new Headers(init.headers);
    if (user !== null) headers.set("authorization", `Bearer ${user}`);
    if (json !== undefined) headers.set("content-type", "application/json");
    return await app.request(path, {
      method,
      ...init,
      headers,
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  }
  return { app, storage, unexpected, entries, call };
}

interface CallInit extends Omit<RequestInit, "method"> {
  /** `null`: anonymous. */
  user?: string | null;
  json?: unknown;
}

export async function errorOf(response: Response): Promise<ErrorResponse["error"]> {
  const body = (await response.json()) as ErrorResponse;
  return body.error;
}
