import { UploadError } from "@audiotricks/protocol";
import type { Principal, Storage } from "@audiotricks/storage";
import type { CompanionClient } from "@audiotricks/uppy-spaces";
import type { Site } from "../site/site.ts";
import { ask, type Companion, unreachable } from "./companion.ts";
import { bear, cancel, complete } from "./device.ts";
import type { WhatAPageKnows } from "./what-a-page-knows.ts";

const COMPLETE_TIMEOUT_MS = 300_000;

/** The companion as one page reaches it: through any of its servers, or not at all. */
export function createPageClient(
  site: Site,
  me: Principal,
  options: { pick: () => Companion; knows: WhatAPageKnows; isOnline: () => boolean },
): CompanionClient {
  const { pick, knows, isOnline } = options;

  async function call<T>(
    signal: AbortSignal | undefined,
    work: (storage: Storage) => Promise<T>,
    timeoutMs?: number,
  ): Promise<T> {
    signal?.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    aborted.catch(() => {});
    const onAbort = () => reject(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort);
    try {
      if (!isOnline()) throw unreachable();
      const answer = ask(site, pick(), work, timeoutMs);
      answer.catch(() => {});
      return await Promise.race([aborted, answer]);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  const unused = () => Promise.reject(new Error("The engine does not ask for this."));
  return {
    urlOf: (path) => path,
    config: ({ signal } = {}) => call(signal, (storage) => storage.config(me)),
    createUploads: async ({ files: asked }, { signal, idempotencyKey } = {}) => {
      const files = asked.map((file) => ({
        ...file,
        type: file.type ?? "",
        contentType: "audio_file" as const,
      }));
      const results = await call(signal, async (storage) => {
        const answers = await storage.uploads.create(
          me,
          files,
          idempotencyKey === undefined ? {} : { idempotencyKey },
        );
        for (const answer of answers) if ("session" in answer) bear(site, me, answer.session);
        return answers;
      });
      for (const result of results) {
        if (!("session" in result)) continue;
        const { sessionId, storedParts } = result.session;
        for (const { partNumber } of storedParts) knows.isStored(sessionId, partNumber);
      }
      return { results };
    },
    signParts: async (sessionId, request, { signal } = {}) => ({
      urls: await call(signal, (storage) => storage.uploads.signParts(me, sessionId, request)),
    }),
    completeUpload: async (sessionId, request = {}, { signal } = {}) => {
      try {
        return await call(
          signal,
          (storage) => complete(site, storage, me, sessionId, request),
          COMPLETE_TIMEOUT_MS,
        );
      } catch (error) {
        if (error instanceof UploadError) forget(sessionId, error.code, error.details);
        throw error;
      }
    },
    completeUploads: async ({ uploads }, { signal } = {}) => {
      const results = await call(
        signal,
        async (storage) => {
          const all = await storage.uploads.completeMany(me, uploads);
          for (const one of all) {
            if ("state" in one && one.state === "completed")
              site.ledger.saidCompleted(one.sessionId, one.file);
          }
          return all;
        },
        COMPLETE_TIMEOUT_MS,
      );
      for (const one of results) if ("error" in one) forget(one.sessionId, one.error.code, one.error.details);
      return { results };
    },
    cancelUpload: (sessionId) => call(undefined, (storage) => cancel(site, storage, me, sessionId)),
    listUploads: async ({ signal } = {}) => ({
      uploads: await call(signal, (storage) => storage.uploads.listOpen(me)),
    }),
    getUpload: (sessionId, { signal } = {}) => call(signal, (storage) => storage.uploads.get(me, sessionId)),
    quota: unused,
    listFiles: unused,
    matchFiles: unused,
    getFile: unused,
    updateFile: unused,
    deleteFile: unused,
    recallFile: unused,
    createDownload: unused,
    createShare: unused,
    listShares: unused,
    revokeShare: unused,
    endShares: unused,
    keepWaveform: unused,
    readWaveform: unused,
    changeGroup: unused,
    dropGroup: unused,
  };

  function forget(sessionId: string, code: string, details: Record<string, unknown> | undefined): void {
    if (code === "parts_missing")
      knows.isMissing(sessionId, (details?.missing as number[] | undefined) ?? []);
  }
}
