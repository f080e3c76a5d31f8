import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type {
  Completion,
  CreateUploadsResponse,
  DownloadResponse,
  FileRecord,
  SignPartsResponse,
} from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { sha256 } from "../upload-by-api.ts";
import { type Asked, askAny, type Requests } from "./ask-any.ts";
import type { ReleaseServer } from "./two-releases.ts";

export interface Person {
  userId: string;
  token: string;
  workspaceId: string;
  servers: readonly ReleaseServer[];
  requests: Requests;
  /** What was acknowledged as stored and not deleted, by the file's id. */
  kept: Map<string, { sha256: string; size: number }>;
  /** What was acknowledged as stored, ever. */
  stored: Set<string>;
  deleted: Set<string>;
}

/** A session with all its bytes at the store, that is still to be completed. */
export interface Unfinished {
  sessionId: string;
  sha256: string;
  size: number;
}

async function ask<T>(person: Person, path: string, asked: Omit<Asked, "token"> = {}): Promise<T> {
  const response = await askAny(person.servers, person.requests, path, { ...asked, token: person.token });
  const body = response.status === 204 ? undefined : ((await response.json()) as unknown);
  if (!response.ok)
    throw new Error(`${asked.method ?? "GET"} ${path}: ${response.status} ${JSON.stringify(body)}`);
  return body as T;
}

let made = 0;

/** Begins an upload at one server, has every part signed by another, and sends them. */
export async function beginUpload(
  person: Person,
  { size, method, isShared = false }: { size: number; method: "put" | "multipart"; isShared?: boolean },
): Promise<Unfinished> {
  const bytes = wavBytes(size, ++made);
  const file = {
    clientId: "1",
    name: `${made}.wav`,
    size,
    type: "audio/wav",
    method,
    ...(isShared ? { workspaceId: person.workspaceId } : {}),
  };
  const { results } = await ask<CreateUploadsResponse>(person, "/v1/uploads", {
    method: "POST",
    json: { files: [file] },
    headers: { "idempotency-key": randomUUID() },
  });
  const [result] = results;
  if (result === undefined || "error" in result) throw new Error(`not created: ${JSON.stringify(result)}`);
  const { sessionId, partSize, partCount } = result.session;
  const { urls } = await ask<SignPartsResponse>(person, `/v1/uploads/${sessionId}/parts/sign`, {
    method: "POST",
    json: { partNumbers: Array.from({ length: partCount }, (_, index) => index + 1) },
  });
  for (const { partNumber, url, headers, size: length } of urls) {
    const offset = (partNumber - 1) * partSize;
    const put = await fetch(url, { method: "PUT", headers, body: bytes.subarray(offset, offset + length) });
    if (!put.ok) throw new Error(`part ${partNumber}: ${put.status} ${await put.text()}`);
    await put.arrayBuffer();
  }
  return { sessionId, sha256: sha256(bytes), size };
}

export async function finishUpload(
  person: Person,
  { sessionId, sha256: sum, size }: Unfinished,
): Promise<string> {
  for (;;) {
    const completion = await ask<Completion>(person, `/v1/uploads/${sessionId}/complete`, { method: "POST" });
    if (completion.state === "completed") {
      const { id } = completion.file;
      person.kept.set(id, { sha256: sum, size });
      person.stored.add(id);
      return id;
    }
    await delay(completion.retryAfterMs);
  }
}

export async function readFile(person: Person, id: string): Promise<string> {
  const { url } = await ask<DownloadResponse>(person, `/v1/files/${id}/download`, { method: "POST" });
  const response = await fetch(url);
  if (!response.ok) throw new Error(`reading ${id}: ${response.status}`);
  return sha256(await response.bytes());
}

/** One after another until told to stop: uploads of both kinds, and now and then what else people do with files. */
export async function workUntil(signal: AbortSignal, person: Person): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    const method = turn % 2 === 0 ? "put" : "multipart";
    const size = 20_000 + Math.floor(Math.random() * 120_000);
    const id = await finishUpload(
      person,
      await beginUpload(person, { size, method, isShared: turn % 3 === 0 }),
    );
    if (turn % 4 === 1 && (await readFile(person, id)) !== person.kept.get(id)?.sha256)
      throw new Error(`${id} is not what was uploaded.`);
    if (turn % 4 === 2)
      await ask<FileRecord>(person, `/v1/files/${id}`, {
        method: "PATCH",
        json: { name: `renamed ${turn}.wav` },
      });
    if (turn % 4 === 3) {
      // Not there for anybody from the moment it is asked for, so not for the ledger either.
      person.kept.delete(id);
      person.deleted.add(id);
      await ask(person, `/v1/files/${id}`, { method: "DELETE" });
    }
    await ask(person, "/v1/files");
    await ask(person, "/v1/quota");
    await delay(50 + Math.random() * 150);
  }
}
