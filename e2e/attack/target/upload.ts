import { expect } from "vitest";
import { ask, follow, type Question } from "./ask.ts";

export interface PartUrl {
  partNumber: number;
  url: string;
  headers: Record<string, string>;
  size: number;
}
export interface Session {
  sessionId: string;
  fileId: string;
  key: string;
  state: string;
  partSize: number;
  urls: PartUrl[];
}
export interface NewFile {
  name: string;
  size: number;
  type?: string;
  contentType?: string;
  category?: string;
  workspaceId?: string;
  method?: "put" | "multipart";
  group?: { id: string; size: number };
}
export interface FileRecord {
  id: string;
  name: string;
  size: number;
  type: string;
  state: string;
  key: string;
  publicUrl?: string;
}
type Created = { session: Session; error?: never } | { error: { code: string }; session?: never };

/** One result for each file, in order. */
export async function begin(who: string, files: NewFile[], question: Question = {}): Promise<Created[]> {
  const named = files.map((file, index) => ({ clientId: `${index}`, ...file }));
  const answer = await ask(who, "POST", "/v1/uploads", { ...question, json: { files: named } });
  if (answer.status !== 200) throw new Error(`not begun: ${answer.status} ${answer.text}`);
  return answer.json<{ results: Created[] }>().results;
}

export async function beginOne(who: string, file: NewFile): Promise<Session> {
  const [result] = await begin(who, [file]);
  if (result?.session === undefined) throw new Error(`not begun: ${result?.error.code}`);
  return result.session;
}

export async function sendParts(session: Session, bytes: Uint8Array): Promise<void> {
  for (const { partNumber, url, headers, size } of session.urls) {
    const offset = (partNumber - 1) * session.partSize;
    const answer = await follow(url, "PUT", { headers, body: bytes.subarray(offset, offset + size) });
    expect(answer.status, answer.code).toBe(200);
  }
}

export async function complete(who: string, sessionId: string) {
  return await ask(who, "POST", `/v1/uploads/${sessionId}/complete`, { json: {} });
}

/** A stored file. */
export async function store(
  who: string,
  bytes: Uint8Array,
  file: Omit<NewFile, "size">,
): Promise<{ session: Session; file: FileRecord }> {
  const session = await beginOne(who, { ...file, size: bytes.length });
  await sendParts(session, bytes);
  const answer = await complete(who, session.sessionId);
  if (answer.status !== 200) throw new Error(`not stored: ${answer.status} ${answer.text}`);
  return { session, file: answer.json<{ file: FileRecord }>().file };
}

export async function downloadUrl(who: string, fileId: string, disposition?: string): Promise<string> {
  const json = disposition === undefined ? {} : { disposition };
  const answer = await ask(who, "POST", `/v1/files/${fileId}/download`, { json });
  if (answer.status !== 200) throw new Error(`no URL: ${answer.status} ${answer.text}`);
  return answer.json<{ url: string }>().url;
}

/** What the user uses and has reserved outside workspaces. */
export async function usageOf(who: string) {
  const { quotas } = (await ask(who, "GET", "/v1/quota")).json<{
    quotas: { usedBytes: number; reservedBytes: number; usedFiles: number; reservedFiles: number }[];
  }>();
  const [own] = quotas;
  if (own === undefined) throw new Error("no quota");
  const { usedBytes, reservedBytes, usedFiles, reservedFiles } = own;
  return { usedBytes, reservedBytes, usedFiles, reservedFiles };
}

export const NOTHING = { usedBytes: 0, reservedBytes: 0, usedFiles: 0, reservedFiles: 0 };
