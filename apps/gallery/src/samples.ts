import type { UploadErrorBody } from "@audiotricks/protocol";
import type { ConfigResponse, FileRecord, QuotaScope, UploadSession } from "@audiotricks/protocol/messages";
import type { AudioFacts, ConfigState, RefusedFile, UploadItem } from "@audiotricks/upload-react";
import type { SpacesUploadStatus, UploadProgress } from "@audiotricks/uppy-spaces";

export const KB = 1024;
export const MB = 1024 * KB;
export const GB = 1024 * MB;

/** The same ids, dates and numbers each time: pictures are compared. */
const idOf = (number: number) => `00000000-0000-4000-8000-${number.toString().padStart(12, "0")}`;
const USER_ID = idOf(1);
export const WORKSPACE_ID = idOf(2);

const CONFIG: ConfigResponse = {
  maxFileSize: 5 * GB,
  allowedExtensions: ["mp3", "wav", "m4a", "flac", "ogg", "opus"],
  singlePutMaxSize: 16 * MB,
  preferredPartSize: 10 * MB,
  maxBatch: 100,
  maxSignBatch: 100,
  maxConcurrentParts: 10,
};
export const READY: ConfigState = { status: "ready", config: CONFIG };

/** @param share Of `size`, from 0 to 1. @param bytesPerSecond 0: nothing moves. */
export function progress(size: number, share: number, bytesPerSecond = 0): UploadProgress {
  const sentBytes = Math.round(size * share);
  const remainingMs = bytesPerSecond > 0 ? ((size - sentBytes) / bytesPerSecond) * 1000 : null;
  return { sentBytes, totalBytes: size, bytesPerSecond, remainingMs };
}

export function item(
  name: string,
  size: number,
  status: SpacesUploadStatus,
  more: Partial<Pick<UploadItem, "folder" | "audio" | "warnings" | "stems">> = {},
): UploadItem {
  return { id: name, name, size, status, folder: null, audio: null, warnings: [], stems: null, ...more };
}

export function uploading(name: string, size: number, share: number, bytesPerSecond: number): UploadItem {
  const moving = progress(size, share, bytesPerSecond);
  return item(name, size, { status: "uploading", sessionId: name, progress: moving });
}

export function failed(name: string, error: UploadErrorBody): UploadItem {
  return item(name, 48 * MB, { status: "failed", error });
}

export function done(name: string, size: number, more: Partial<FileRecord> = {}): UploadItem {
  return item(name, size, { status: "done", file: record({ name, size, ...more }) });
}

export function refused(
  name: string,
  code: RefusedFile["code"],
  more: Partial<Pick<RefusedFile, "error" | "findings" | "sentence">> = {},
): RefusedFile {
  return {
    id: name,
    name,
    size: 48 * MB,
    code,
    error: null,
    findings: [],
    itemId: null,
    sentence: "",
    ...more,
  };
}

export function record(more: Partial<FileRecord> = {}, number = 10): FileRecord {
  const id = idOf(number);
  return {
    id,
    name: "Harbour session, take 4.wav",
    size: 40 * MB,
    type: "audio/wav",
    contentType: "audio_file",
    state: "stored",
    accessLevel: "private",
    workspaceId: WORKSPACE_ID,
    ownerId: USER_ID,
    key: `audio/uploads/2026/11/${id}.wav`,
    checksumMd5: null,
    checksumSha256: null,
    downloadUrlsIssued: 0,
    createdAt: "2026-11-24T10:05:00.000Z",
    updatedAt: "2026-11-24T10:05:00.000Z",
    expiresAt: null,
    contentUrl: `/v1/files/${id}/content`,
    ...more,
  };
}

export function session(name: string, number: number, size = 240 * MB): UploadSession {
  return {
    sessionId: idOf(number),
    fileId: idOf(number + 500),
    state: "active",
    method: "multipart",
    key: `audio/uploads/2026/11/${idOf(number + 500)}.wav`,
    name,
    size,
    workspaceId: null,
    partSize: 10 * MB,
    partCount: Math.ceil(size / (10 * MB)),
    storedParts: [],
    createdAt: "2026-11-23T18:40:00.000Z",
    expiresAt: "2026-11-30T18:40:00.000Z",
    error: null,
  };
}

/** @param share Of the limit that is used. @param limitBytes `null`: none. */
export function quota(
  status: QuotaScope["status"],
  share: number,
  more: Partial<QuotaScope> = {},
): QuotaScope {
  return {
    scope: "user",
    id: USER_ID,
    usedBytes: Math.round(10 * GB * share),
    reservedBytes: 0,
    limitBytes: 10 * GB,
    usedFiles: 128,
    reservedFiles: 0,
    limitFiles: 1000,
    status,
    ...more,
  };
}

export function audio(more: Partial<AudioFacts> = {}): AudioFacts {
  return {
    format: "wav",
    codec: "PCM",
    durationSeconds: 214,
    sampleRate: 48_000,
    bitDepth: 24,
    channels: 2,
    title: null,
    artist: null,
    album: null,
    cutShort: null,
    claimedSeconds: null,
    bytesRead: 65_536,
    ...more,
  };
}
