import type { AudioRules } from "@audiotricks/audio-preflight";
import { useEffect, useRef, useState } from "react";
import { recordedKind } from "./recorded-kind.ts";
import type { Recorder } from "./recorder.ts";
import type { NoRecording, RecorderState } from "./recorder-state.ts";
import { type RecordingTerms, refuseRecording } from "./recording-rules.ts";
import type { AudioUploads } from "./use-audio-uploads.ts";
import { useLatest } from "./use-latest.ts";

export interface RecorderControls {
  state: RecorderState;
  /** To be called by a click: the browser may have to ask for the microphone. */
  open: () => void;
  start: () => void;
  stop: () => void;
  /** Forgets what was recorded, to begin anew. */
  discard: () => void;
  /** Adds what was recorded, as if it had been dropped. */
  upload: () => void;
  close: () => void;
}

/**
 * Records from the microphone. What records is loaded by `open`, all of it: whoever has spoken for twenty minutes without a network has
 * a recording.
 */
export function useRecorder(
  uploads: Pick<AudioUploads, "config" | "quotas" | "words" | "addFiles">,
  rules: AudioRules | false | undefined,
): RecorderControls {
  const [state, setState] = useState<RecorderState>({ status: "closed" });
  const latest = useLatest({ uploads, rules });
  /** Counts openings: what was loaded for an earlier one is not wanted any more. */
  const opening = useRef(0);
  const recorder = useRef<Recorder | null>(null);

  const letGo = () => {
    opening.current += 1;
    recorder.current?.close();
    recorder.current = null;
  };
  const terms = (): RecordingTerms => {
    const { config, quotas } = latest.current.uploads;
    const limits = config.status === "ready" ? config.config : { maxFileSize: 0, allowedExtensions: [] };
    return { limits, rules: latest.current.rules ?? {}, quotas };
  };
  const fail = (problem: NoRecording) => setState({ status: "unavailable", problem });

  const open = async () => {
    letGo();
    const kind = recordedKind();
    if (kind === null) return fail({ reason: "unsupported" });
    const why = refuseRecording(kind, null, terms());
    if (why !== null) return fail({ reason: "unwanted", why });
    const turn = opening.current;
    setState({ status: "loading" });
    try {
      const { openRecorder } = await import("./recorder.ts");
      if (turn !== opening.current) return;
      setState({ status: "asking" });
      const word = () => latest.current.uploads.words?.say("recording") ?? "Recording";
      recorder.current = openRecorder({ kind, terms, word, onChange: setState });
    } catch {
      if (turn === opening.current) fail({ reason: "not_loaded" });
    }
  };
  const close = () => {
    letGo();
    setState({ status: "closed" });
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it goes.
  useEffect(() => letGo, []);

  const isAtRisk = isUnsaved(state);
  useEffect(() => {
    if (!isAtRisk) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isAtRisk]);

  return {
    state,
    open: () => void open(),
    start: () => recorder.current?.start(),
    stop: () => recorder.current?.stop(),
    discard: () => void open(),
    upload: () => {
      if (state.status !== "recorded") return;
      uploads.addFiles([state.clip.file]);
      close();
    },
    close,
  };
}

/** Whether something would be lost with the page. */
export function isUnsaved({ status }: RecorderState): boolean {
  return status === "recording" || status === "preparing" || status === "recorded";
}
