import type { AudioFacts, AudioFinding } from "@audiotricks/audio-preflight";
import type { UploadErrorBody, UploadErrorCode } from "@audiotricks/protocol";
import type { QuotaScope } from "@audiotricks/protocol/messages";
import type { SpacesUploadStatus, UploadProgress } from "@audiotricks/uppy-spaces";
import type { ConfigState } from "./config-state.ts";
import type { Continuable } from "./kept-uploads.ts";
import type { AlreadyStored } from "./known-content.ts";
import type { QuotaNotice } from "./quota-notices.ts";
import type { StemMark, StemSet } from "./stem-sets.ts";
import type { StemUnit } from "./stem-units.ts";
import type { UploadChoice } from "./upload-choice.ts";
import type { NotBegun } from "./waiting-files.ts";

/** One file of this widget, from the moment it was added. */
export interface UploadItem {
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  status: SpacesUploadStatus;
  /** From the folder that was dropped or picked: `"Album/Side A"`; `null` for a file that came by itself. */
  folder: string | null;
  /** What its first and last bytes say; `null` until it was looked into, and where that could not be. */
  audio: AudioFacts | null;
  /** What is not as it should be, and did not keep it from being uploaded: `describeFinding` has the words. */
  warnings: readonly AudioFinding[];
  /** The stems it is one of. */
  stems: StemMark | null;
}

/** A file that was not taken, and why: `describeRefusal` has the words. No byte of it moved. */
export interface RefusedFile {
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  /**
   * `already_added`: it is in the list and not through yet. `restricted`: another rule of the host's Uppy. The code of a finding: what is in it is not
   * what is asked for.
   */
  code: UploadErrorCode | "already_added" | "restricted" | AudioFinding["code"];
  /** What the companion would have said; `null` for codes that are not its own. */
  error: UploadErrorBody | null;
  /** What is in it, where that is why; the first is the one of `code`. */
  findings: readonly AudioFinding[];
  /** The item that it was until then; `null` for a file that was in no list. */
  itemId: string | null;
  /** What Uppy said, in its own language: for a rule of the host's Uppy there is nothing else. */
  sentence: string;
}

/** All files of this widget together. */
export interface UploadTotals {
  files: number;
  /** Files that still have something to do, paused ones included. */
  unfinished: number;
  paused: number;
  /** Files that wait for the network or for another try. */
  waiting: number;
  /** Files that another tab works on. */
  elsewhere: number;
  done: number;
  failed: number;
  /** Bytes at the store, of `totalBytes`; failed and cancelled files count in neither. */
  sentBytes: number;
  totalBytes: number;
  /** Sum over the files that move. */
  bytesPerSecond: number;
  /** Milliseconds for everything that is not paused; `null` while nothing moves. */
  remainingMs: number | null;
}

export interface UploadsState {
  files: readonly UploadItem[];
  refused: readonly RefusedFile[];
  /** Files that were stored and taken off the list, the newest last; how the list itself changed does not say whether they were stored. */
  left: readonly UploadItem[];
  totals: UploadTotals;
  /** Unfinished uploads of earlier pages, by session, whose files need not be picked again. */
  continuable: ReadonlyMap<string, Continuable>;
  /** Files that waited for their turn when an earlier page was left: nothing is at the store of them. */
  notBegun: readonly NotBegun[];
  /** Files that belong together, as far as their sound tells: they wait for `uploadTogether` or `dismissStems`. */
  stems: readonly StemSet[];
  /** Stems that are uploaded as one. */
  stemUnits: readonly StemUnit[];
  /** Files of the list whose content is stored already: they wait for `skip` or `uploadAnyway`. */
  already: readonly AlreadyStored[];
  /** Files that do not all fit what is left of a quota, and wait for a person to choose; `null` as a rule. */
  choice: UploadChoice | null;
  /** Of the user and of the workspace that files go to, as read last; `null` before that. */
  quotas: readonly QuotaScope[] | null;
  /** Quotas that came closer to their limits while this page was open. */
  quotaNotices: readonly QuotaNotice[];
  /** The companion's rules. */
  config: ConfigState;
}

export const EMPTY_UPLOADS: UploadsState = {
  files: [],
  refused: [],
  left: [],
  totals: totalsOf([]),
  continuable: new Map(),
  notBegun: [],
  stems: [],
  stemUnits: [],
  already: [],
  choice: null,
  quotas: null,
  quotaNotices: [],
  config: { status: "loading" },
};

/** Whether something will still happen to this file, now or when it is resumed. */
export function isUnfinished(status: SpacesUploadStatus): boolean {
  return status.status !== "done" && status.status !== "failed" && status.status !== "cancelled";
}

/** How far a file is, whatever its state; `size` in bytes. */
export function progressOf(status: SpacesUploadStatus, size: number): UploadProgress {
  if ("progress" in status) return status.progress;
  return {
    sentBytes: status.status === "done" ? size : 0,
    totalBytes: size,
    bytesPerSecond: 0,
    remainingMs: null,
  };
}

export function totalsOf(files: readonly UploadItem[]): UploadTotals {
  const totals: UploadTotals = {
    files: files.length,
    unfinished: 0,
    paused: 0,
    waiting: 0,
    elsewhere: 0,
    done: 0,
    failed: 0,
    sentBytes: 0,
    totalBytes: 0,
    bytesPerSecond: 0,
    remainingMs: null,
  };
  let remainingBytes = 0;
  for (const { status, size } of files) {
    if (isUnfinished(status)) totals.unfinished += 1;
    if (status.status === "paused") totals.paused += 1;
    const isElsewhere = status.status === "waiting" && status.reason === "elsewhere";
    if (isElsewhere) totals.elsewhere += 1;
    else if (status.status === "waiting") totals.waiting += 1;
    if (status.status === "done") totals.done += 1;
    if (status.status === "failed") totals.failed += 1;
    if (status.status === "failed" || status.status === "cancelled") continue;
    const { sentBytes, totalBytes, bytesPerSecond } = progressOf(status, size);
    totals.sentBytes += sentBytes;
    totals.totalBytes += totalBytes;
    if (status.status === "uploading") totals.bytesPerSecond += bytesPerSecond;
    if (status.status !== "paused" && !isElsewhere) remainingBytes += totalBytes - sentBytes;
  }
  if (totals.bytesPerSecond > 0) totals.remainingMs = (remainingBytes / totals.bytesPerSecond) * 1000;
  return totals;
}

/** The same list where nothing changed, and the same items where only others did: what did not change need not render. */
export function reuseItems(
  previous: readonly UploadItem[],
  next: readonly UploadItem[],
): readonly UploadItem[] {
  // As a rule everything is where it was, and nothing has to be looked up.
  let known: Map<string, UploadItem> | undefined;
  const find = (id: string, index: number) => {
    const there = previous[index];
    if (there?.id === id) return there;
    known ??= new Map(previous.map((item) => [item.id, item]));
    return known.get(id);
  };
  let isSame = next.length === previous.length;
  const items = next.map((item, index) => {
    const old = find(item.id, index);
    const kept = old && isSameItem(old, item) ? old : item;
    isSame &&= kept === previous[index];
    return kept;
  });
  return isSame ? previous : items;
}

function isSameItem(one: UploadItem, other: UploadItem): boolean {
  const { name, size, status, folder, audio, warnings, stems } = one;
  return (
    name === other.name &&
    size === other.size &&
    status === other.status &&
    folder === other.folder &&
    audio === other.audio &&
    warnings === other.warnings &&
    stems === other.stems
  );
}
