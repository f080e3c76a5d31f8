import Audio from "@uppy/audio";
import Uppy from "@uppy/core";
import { nameRecording } from "./name-recording.ts";
import type { NoRecording, RecorderState, RecordingEnd } from "./recorder-state.ts";
import {
  type RecordedKind,
  type RecordingTerms,
  refuseRecording,
  roomForRecording,
} from "./recording-rules.ts";
import { rewrapRecording } from "./rewrap-recording.ts";

/** How long a recorder may take to hand over what it has, in milliseconds. */
const HAND_OVER_MS = 5000;

export interface Recorder {
  start: () => void;
  stop: () => void;
  /** Lets go of the microphone, which it does by itself once something is recorded, and of what was recorded. */
  close: () => void;
}

/** What `@uppy/audio` hands to its own screen. Ours is in the widget's language and theme, and keeps the keyboard's place. */
interface Controls {
  stream: MediaStream;
  onStartRecording: () => void;
  onStopRecording: () => Promise<void>;
  onSubmit: () => void;
}

/**
 * Records by `@uppy/audio` in an Uppy of its own, which asks for the microphone at once. Its files are none of the widget's: they go
 * where dropped files go once they are what is accepted.
 *
 * @param options.word What such a recording is called, in front of its date.
 */
export function openRecorder(options: {
  kind: RecordedKind;
  terms: () => RecordingTerms;
  word: () => string;
  onChange: (state: RecorderState) => void;
}): Recorder {
  const host = new Uppy();
  // It begins anew where a device comes or goes, and forgets what it has: so it hears nothing of that.
  const heard = navigator.mediaDevices.ondevicechange;
  host.use(Audio);
  navigator.mediaDevices.ondevicechange = heard;
  const microphone = host.getPlugin("Audio") as Audio<Record<string, unknown>, Record<string, never>>;

  let isClosed = false;
  /** Whether it holds nothing any more: what it says from then on is not asked for. */
  let isLetGo = false;
  let state: RecorderState = { status: "asking" };
  let endedBy: RecordingEnd = "person";
  let timer: ReturnType<typeof setTimeout> | undefined;

  const show = (next: RecorderState) => {
    if (isClosed) return;
    state = next;
    options.onChange(next);
  };
  const letGo = () => {
    clearTimeout(timer);
    isLetGo = true;
    host.destroy();
  };
  /** Whoever tries again opens another one. */
  const fail = (problem: NoRecording) => {
    show({ status: "unavailable", problem });
    letGo();
  };
  const controls = (): Controls | null => {
    const { props } = microphone.render();
    return "onSubmit" in props && props.stream ? (props as Controls) : null;
  };

  /** It says what it does in its state, and nowhere else. */
  const look = () => {
    const { audioReady, isRecording, recordedAudio, ...rest } = microphone.getPluginState() ?? {};
    const problem: unknown = rest.cameraError;
    // The person answered after all, when nobody waited any more: the microphone is given back.
    if (isLetGo) return audioReady === true ? microphone.uninstall() : undefined;
    if (state.status === "asking") {
      if (problem instanceof Error) return fail(problemOf(problem));
      const stream = audioReady === true ? controls()?.stream : undefined;
      if (stream === undefined) return audioReady === true ? fail({ reason: "no_microphone" }) : undefined;
      const [track] = stream.getAudioTracks();
      track?.addEventListener("ended", onGone);
      const why = refuseRecording(options.kind, track?.getSettings().channelCount ?? null, options.terms());
      return why === null ? show({ status: "ready", stream }) : fail({ reason: "unwanted", why });
    }
    // However it ended: the recorder's own limit ends it without being told to.
    if (isRecording !== true && typeof recordedAudio === "string") take(recordedAudio);
  };

  /** Out of its hands at once: an Uppy of its own has no rule that could refuse it. */
  const take = (url: string) => {
    const panel = controls();
    isLetGo = true;
    show({ status: "preparing" });
    host.setOptions({ restrictions: { maxFileSize: null } });
    host.once("file-added", ({ data }) => {
      if (data instanceof Blob) void prepare(data);
    });
    panel?.onSubmit();
    URL.revokeObjectURL(url);
    letGo();
  };

  const prepare = async (recorded: Blob) => {
    try {
      const made = await rewrapRecording(recorded);
      if (isClosed) return;
      if (made === null) return fail({ reason: "nothing" });
      const name = nameRecording(options.word(), new Date(), made.kind);
      const file = new File([made.blob], name, { type: made.blob.type });
      const clip = { file, url: URL.createObjectURL(file), seconds: made.seconds };
      show({ status: "recorded", clip, endedBy });
    } catch (error) {
      host.log(error, "error");
      fail({ reason: "failed" });
    }
  };

  const end = (by: RecordingEnd) => {
    if (state.status !== "recording") return;
    endedBy = by;
    clearTimeout(timer);
    show({ status: "preparing" });
    controls()
      ?.onStopRecording()
      .catch(() => fail({ reason: "failed" }));
    // Where the microphone went, its recorder may have ended without a word.
    timer = setTimeout(() => fail({ reason: "failed" }), HAND_OVER_MS);
  };
  const onGone = () => {
    if (state.status === "recording") end("device");
    else if (state.status === "ready") fail({ reason: "no_microphone" });
  };

  host.on("info-visible", () => {
    if (state.status === "recording") endedBy = "limit";
  });
  host.store.subscribe(look);
  microphone.render();

  return {
    start: () => {
      if (state.status !== "ready") return;
      const { stream } = state;
      const { maxBytes, maxMs } = roomForRecording(options.terms());
      host.setOptions({ restrictions: { maxFileSize: maxBytes } });
      endedBy = "person";
      try {
        controls()?.onStartRecording();
      } catch (error) {
        host.log(error, "error");
        return fail({ reason: "failed" });
      }
      show({ status: "recording", stream, startedAt: performance.now(), maxMs });
      if (maxMs !== null) timer = setTimeout(() => end("limit"), maxMs);
    },
    stop: () => end("person"),
    close: () => {
      if (isClosed) return;
      isClosed = true;
      if (state.status === "recorded") URL.revokeObjectURL(state.clip.url);
      letGo();
    },
  };
}

const PROBLEMS: Readonly<Record<string, NoRecording>> = {
  NotAllowedError: { reason: "refused" },
  SecurityError: { reason: "refused" },
  NotFoundError: { reason: "no_microphone" },
  OverconstrainedError: { reason: "no_microphone" },
  NotReadableError: { reason: "busy" },
  AbortError: { reason: "busy" },
};

function problemOf({ name }: Error): NoRecording {
  return PROBLEMS[name] ?? { reason: "failed" };
}
