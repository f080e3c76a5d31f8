import type { RecordedKind } from "./recording-rules.ts";

/** What the recorder of this browser makes where it is not told; `null` where it has none, as in pages without https. */
export function recordedKind(): RecordedKind | null {
  if (typeof MediaRecorder !== "function" || navigator.mediaDevices === undefined) return null;
  const makes = (type: string) => MediaRecorder.isTypeSupported(type);
  // Newer Safaris can write WebM as well, and do not unless they are told to.
  const isApple = navigator.vendor.startsWith("Apple");
  if (!isApple && (makes("audio/webm;codecs=opus") || makes("audio/ogg;codecs=opus"))) return "ogg";
  return makes("audio/mp4") ? "m4a" : null;
}
