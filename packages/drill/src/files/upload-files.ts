import type { Principal, Storage } from "@audiotricks/storage";
import { type GeneratedFile, generatedFile } from "./content.ts";

/** A file that was acknowledged as stored. */
export interface UploadedFile {
  id: string;
  key: string;
  index: number;
}

const LANES = 4;

/** Uploads so many generated files as pages do; each is acknowledged. */
export async function uploadFiles(
  storage: Storage,
  principal: Principal,
  { from, count, signal }: { from: number; count: number; signal: AbortSignal },
): Promise<UploadedFile[]> {
  const uploaded: UploadedFile[] = [];
  let next = from;
  async function lane(): Promise<void> {
    while (next < from + count) {
      signal.throwIfAborted();
      const index = next++;
      uploaded.push({ index, ...(await uploadOne(storage, principal, generatedFile(index))) });
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  return uploaded;
}

async function uploadOne(
  storage: Storage,
  principal: Principal,
  { name, type, contentType, size, bytes }: GeneratedFile,
): Promise<{ id: string; key: string }> {
  const asked = { clientId: crypto.randomUUID(), name, type, contentType, size };
  const [begun] = await storage.uploads.create(principal, [asked]);
  if (begun === undefined || "error" in begun)
    throw new Error(`${name} was refused: ${JSON.stringify(begun)}`);
  const { sessionId, fileId, key, partSize, urls } = begun.session;
  const all = bytes();
  for (const { url, partNumber, size: length } of urls) {
    const offset = (partNumber - 1) * partSize;
    const answer = await fetch(url, { method: "PUT", body: all.subarray(offset, offset + length) });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`part ${partNumber} of ${name}: ${answer.status}`);
  }
  const done = await storage.uploads.complete(principal, sessionId, {});
  if (done.state !== "completed") throw new Error(`${name} is ${done.state}`);
  return { id: fileId, key };
}

/** An empty file is none: it has to be refused, or it would have to be backed up. @returns Whether it was. */
export async function isEmptyRefused(storage: Storage, principal: Principal): Promise<boolean> {
  const empty = { clientId: "empty", name: "nothing.wav", type: "audio/wav", size: 0 } as const;
  try {
    const [begun] = await storage.uploads.create(principal, [{ ...empty, contentType: "audio_file" }]);
    return begun !== undefined && "error" in begun;
  } catch {
    return true;
  }
}
