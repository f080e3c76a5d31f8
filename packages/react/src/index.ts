"use client";

export type {
  AudioFacts,
  AudioFinding,
  AudioFormat,
  AudioRules,
  Severity,
} from "@audiotricks/audio-preflight";
export { judgeAudio } from "@audiotricks/audio-preflight/rules";
export type { NoWaveform, Waveform } from "@audiotricks/audio-waveform";
export type { Peaks } from "@audiotricks/protocol";
export type { SpacesUploadStatus, UploadProgress } from "@audiotricks/uppy-spaces";
export { ArchivedNotice, type ArchivedNoticeProps } from "./archived-notice.tsx";
export { AudioUploader, type AudioUploaderProps } from "./audio-uploader.tsx";
export type { ConfigState } from "./config-state.ts";
export { type AccessText, canShare, describeLevel, describeSharingError } from "./describe-access.ts";
export { describeAudio, describeTitle } from "./describe-audio.ts";
export { describeChoice, describeFitting, describeMark, describeUpload } from "./describe-choice.ts";
export { describeError, type ErrorText } from "./describe-error.ts";
export { describeFinding } from "./describe-finding.ts";
export { describeQuota } from "./describe-quota.ts";
export { describeRefusal } from "./describe-refusal.ts";
export { describeStatus, type StatusText } from "./describe-status.ts";
export { describeStems, describeStemTroubles, describeStemUnit } from "./describe-stems.ts";
export type { Room } from "./fit-in-order.ts";
export { formatBytes, formatRate } from "./format-bytes.ts";
export { formatRemaining } from "./format-remaining.ts";
export type { Continuable } from "./kept-uploads.ts";
export type { AlreadyStored } from "./known-content.ts";
export { LOCALES } from "./languages.ts";
export type { Locale } from "./locale.ts";
export { QuotaMeter, type QuotaMeterProps } from "./quota-meter.tsx";
export { describeNotice, type QuotaNotice } from "./quota-notices.ts";
export { SharingDialog, type SharingDialogProps } from "./sharing-dialog.tsx";
export type { StemMark, StemSet } from "./stem-sets.ts";
export type { StemUnit } from "./stem-units.ts";
export type { UploadActions } from "./upload-actions.ts";
export type { ChoiceFile, UploadChoice } from "./upload-choice.ts";
export { UploadDebugDrawer, type UploadDebugDrawerProps } from "./upload-debug-drawer.tsx";
export type { RefusedFile, UploadItem, UploadsState, UploadTotals } from "./uploads-state.ts";
export { type AudioUploads, type AudioUploadsOptions, useAudioUploads } from "./use-audio-uploads.ts";
export type { CompanionOptions } from "./use-client.ts";
export { useFlightRecord } from "./use-flight-record.ts";
export { type OpenUploads, useOpenUploads } from "./use-open-uploads.ts";
export { type QuotaOptions, type QuotaState, useQuota } from "./use-quota.ts";
export { type ShareLinks, type ShareLinksOptions, useShareLinks } from "./use-share-links.ts";
export { type UploadLibrary, type UploadLibraryOptions, useUploadLibrary } from "./use-upload-library.ts";
export { type LocaleOption, useWords } from "./use-words.ts";
export { WaveformPlayer, type WaveformPlayerProps } from "./waveform-player.tsx";
export type { WaveformShelf } from "./waveform-shelf.ts";
export type { Words } from "./words.ts";
