import { createHash } from "node:crypto";
import type {
  Completion,
  CreateUploadsResponse,
  DownloadResponse,
  FileRecord,
} from "@audiotricks/protocol/messages";
import type { ServerProcess } from "./server-process.ts";

/** What the browser does, without one: create, send every part to its signed URL, complete. */
export async function uploadByApi(
  server: Pick<ServerProcess, "fetch">,
  token: string,
  file: { name: string; bytes: Uint8Array<ArrayBuffer>; workspaceId?: string; method?: "put" | "multipart" },
): Promise<FileRecord> {
  const { bytes, ...described } = file;
  const created = await server.fetch("/v1/uploads", {
    method: "POST",
    token,
    json: { files: [{ clientId: "1", size: bytes.length, type: "audio/wav", ...described }] },
  });
  const { results } = (await created.json()) as CreateUploadsResponse;
  const result = results?.[0];
  if (result === undefined || "error" in result) throw new Error(`not created: ${JSON.stringify(result)}`);
  const { sessionId, urls, partSize } = result.session;
  for (const { partNumber, url, headers, size } of urls) {
    const offset = (partNumber - 1) * partSize;
    const put = await fetch(url, { method: "PUT", headers, body: bytes.subarray(offset, offset + size) });
    if (!put.ok) throw new Error(`part ${partNumber}: ${put.status} ${await put.text()}`);
  }
  return await completeByApi(server, token, sessionId);
}

async function completeByApi(
  server: Pick<ServerProcess, "fetch">,
  token: string,
  sessionId: string,
): Promise<FileRecord> {
  for (;;) {
    const response = await server.fetch(`/v1/uploads/${sessionId}/complete`, { method: "POST", token });
    if (!response.ok) throw new Error(`not completed: ${response.status} ${await response.text()}`);
    const completion = (await response.json()) as Completion;
    if (completion.state === "completed") return completion.file;
    await new Promise((resolve) => setTimeout(resolve, completion.retryAfterMs));
  }
}

/** SHA-256 of what is at the store, by a download URL. */
export async function downloadedSha256(
  server: Pick<ServerProcess, "fetch">,
  token: string,
  fileId: string,
): Promise<string> {
  const answer = await server.fetch(`/v1/files/${fileId}/download`, { method: "POST", token });
  const { url } = (await answer.json()) as DownloadResponse;
  const bytes = await (await fetch(url)).bytes();
  return sha256(bytes);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
