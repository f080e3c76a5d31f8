export {
  AUDIO_EXTENSIONS,
  AUDIO_TYPES,
  type AudioExtension,
  extensionOf,
  isAudioExtension,
} from "./audio-types.ts";
export { UPLOAD_ERRORS, UploadError, type UploadErrorBody, type UploadErrorCode } from "./errors.ts";
export { holdsMpegFrames } from "./mpeg-frames.ts";
export { decodePeaks, encodePeaks, MAX_PEAKS_FILE_SIZE, type Peaks, secondsOfPeaks } from "./peaks.ts";
export {
  type Part,
  PREFERRED_PART_SIZE,
  partAt,
  planPartSize,
  planParts,
  S3_LIMITS,
  SINGLE_PUT_MAX_SIZE,
} from "./plan-parts.ts";
export {
  FILE_STATES,
  type FileState,
  isTerminalSessionState,
  SESSION_STATES,
  type SessionState,
} from "./states.ts";
