import { createContext, useContext } from "react";

export type Query = Record<string, string>;

/** Asks `/v1/admin/…` as the operator who is signed in. Rejects with an `Error` whose message is for people. */
export type AskAdmin = (
  path: string,
  query: Query,
  options?: { signal?: AbortSignal; method?: "GET" | "POST" },
) => Promise<Response>;

/** The same for what is read: who asks for what somebody is asking for gets the same answer. */
export type ReadAdmin = (path: string, query: Query, signal?: AbortSignal) => Promise<unknown>;

export interface Admin {
  ask: AskAdmin;
  read: ReadAdmin;
}

const nobody = () => Promise.reject(new Error("Nobody is signed in."));
export const AdminContext = createContext<Admin>({ ask: nobody, read: nobody });

export function useAdmin(): Admin {
  return useContext(AdminContext);
}

export function createAdmin(getToken: () => Promise<string>): Admin {
  const ask = createAsk(getToken);
  return { ask, read: shareReads(ask) };
}

function createAsk(getToken: () => Promise<string>): AskAdmin {
  return async (path, query, { signal, method = "GET" } = {}) => {
    const search = new URLSearchParams(query).toString();
    const headers = { authorization: `Bearer ${await getToken()}` };
    let response: Response;
    try {
      response = await fetch(`/v1/admin/${path}${search === "" ? "" : `?${search}`}`, {
        method,
        headers,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      throw new Error("The server does not answer. Check that it runs, then try again.", { cause });
    }
    if (!response.ok) throw new Error(await messageOf(response));
    return response;
  };
}

interface UnderWay {
  answer: Promise<unknown>;
  stop: AbortController;
  readers: number;
}

/** Several figures of a page are made of one answer. It is given up when the last of them has left. */
export function shareReads(ask: AskAdmin): ReadAdmin {
  const underWay = new Map<string, UnderWay>();
  const begin = (key: string, path: string, query: Query): UnderWay => {
    const stop = new AbortController();
    const answer = ask(path, query, { signal: stop.signal }).then((response) => response.json());
    const one = { answer, stop, readers: 0 };
    underWay.set(key, one);
    const end = () => {
      if (underWay.get(key) === one) underWay.delete(key);
    };
    answer.then(end, end);
    return one;
  };
  return async (path, query, signal) => {
    const key = JSON.stringify([path, query]);
    const one = underWay.get(key) ?? begin(key, path, query);
    one.readers += 1;
    const leave = () => {
      one.readers -= 1;
      if (one.readers > 0) return;
      underWay.delete(key);
      one.stop.abort();
    };
    signal?.addEventListener("abort", leave, { once: true });
    try {
      return await one.answer;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  };
}

async function messageOf(response: Response): Promise<string> {
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return `${error.message} (${error.code})`;
  } catch {
    return `The server answered ${response.status}. Try again in a moment.`;
  }
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
