import type { AudioFacts, AudioFinding, AudioRules } from "@audiotricks/audio-preflight";
import { judgeAudio } from "@audiotricks/audio-preflight/rules";
import type { UploadErrorBody } from "@audiotricks/protocol";
import type { ConfigResponse, QuotaScope } from "@audiotricks/protocol/messages";
import type { Room } from "./fit-in-order.ts";
import { roomsOf } from "./quota-rooms.ts";
import { findViolation } from "./restrictions.ts";

/** What this browser's recorder makes, and what becomes of it: of WebM and Ogg a file of Ogg, of MP4 one of M4A. */
export type RecordedKind = "ogg" | "m4a";

/** Most bytes of one recording, some four hours: what it was recorded in is kept until it is in the other container. */
const MAX_RECORDED_BYTES = 256 * 1024 * 1024;
/** Of less nobody has anything: a minute, as browsers record. */
const LEAST_BYTES = 1024 * 1024;
/** What the other container may take more. */
const CONTAINER_SHARE = 0.98;
/** A recording ends a little after it was told to, and would be longer than is allowed. */
const ENDS_WITHIN_MS = 1000;

/** How much may be recorded. */
export interface RecordingRoom {
  maxBytes: number;
  maxMs: number | null;
}

/** What was said by those who could refuse the recording. */
export interface RecordingTerms {
  limits: Pick<ConfigResponse, "maxFileSize" | "allowedExtensions">;
  rules: AudioRules | false;
  /** Of those that it would count in; `null` while nobody knows. */
  quotas: readonly QuotaScope[] | null;
}

/**
 * Why a recording would be refused, said before it is made: nobody speaks for twenty minutes to hear it afterwards.
 *
 * @param channels Of the microphone, where they are known.
 */
export function refuseRecording(
  kind: RecordedKind,
  channels: number | null,
  { limits, rules, quotas }: RecordingTerms,
): { error: UploadErrorBody } | { finding: AudioFinding } | null {
  const file = { name: `recording.${kind}`, size: LEAST_BYTES };
  const error = findViolation(file, limits);
  if (error !== null) return { error };
  const full = quotas?.find((scope) => isFull(roomOf(scope)));
  if (full !== undefined) return { error: explainFull(full) };
  if (rules === false) return null;
  // How long it is, is still to be seen.
  const { minDurationSeconds: _, maxDurationSeconds: __, ...ofSound } = rules;
  // What is still to be seen is not held against it.
  const told = {
    ...ofSound,
    channels: channels === null ? undefined : ofSound.channels,
    sampleRate: kind === "ogg" ? ofSound.sampleRate : undefined,
  };
  const findings = judgeAudio(factsOf(kind, channels), file, told);
  const finding = findings.find(
    ({ code, severity }) => severity === "refuse" && code !== "unreadable_header",
  );
  return finding === undefined ? null : { finding };
}

export function roomForRecording({ limits, rules, quotas }: RecordingTerms): RecordingRoom {
  const free = (quotas ?? []).map((scope) => roomOf(scope)?.bytes ?? Number.POSITIVE_INFINITY);
  const seconds = rules === false ? undefined : rules.maxDurationSeconds;
  return {
    maxBytes: Math.floor(Math.min(MAX_RECORDED_BYTES, limits.maxFileSize, ...free) * CONTAINER_SHARE),
    maxMs: seconds === undefined ? null : Math.max(ENDS_WITHIN_MS, seconds * 1000 - ENDS_WITHIN_MS),
  };
}

function factsOf(kind: RecordedKind, channels: number | null): AudioFacts {
  const isOgg = kind === "ogg";
  return {
    format: isOgg ? "opus" : "m4a",
    codec: isOgg ? "Opus" : "AAC",
    durationSeconds: null,
    // AAC has the microphone's, which is not known before.
    sampleRate: isOgg ? 48_000 : null,
    bitDepth: null,
    channels,
    title: null,
    artist: null,
    album: null,
    cutShort: null,
    claimedSeconds: null,
    bytesRead: 0,
  };
}

/** `undefined` where nothing is limited. */
function roomOf(scope: QuotaScope): Room | undefined {
  return roomsOf([scope], { bytes: 0, files: 0 })[0];
}

function isFull(room: Room | undefined): boolean {
  return room !== undefined && ((room.files ?? 1) < 1 || (room.bytes ?? LEAST_BYTES) < LEAST_BYTES);
}

function explainFull(scope: QuotaScope): UploadErrorBody {
  const hasBytes = (roomOf(scope)?.bytes ?? LEAST_BYTES) >= LEAST_BYTES;
  // As the companion says it: nothing over in bytes, so it is files that there are too many of.
  const details = hasBytes ? { ...scope, overBytes: 0 } : scope;
  return { code: "quota_exceeded", message: "There is no room for a recording", details };
}
