import { describeError, type ErrorText } from "./describe-error.ts";
import { describeFinding } from "./describe-finding.ts";
import { formatLength } from "./format-audio.ts";
import type { NoRecording, RecorderState } from "./recorder-state.ts";
import type { Words } from "./words.ts";

/** What there is to say of the recorder; `advice` may be empty. */
export function describeRecorder(state: RecorderState, words: Words): ErrorText {
  const { say } = words;
  switch (state.status) {
    case "closed":
      return { title: "", advice: "" };
    case "loading":
    case "preparing":
      return { title: say("gettingReady"), advice: "" };
    case "asking":
      return { title: say("allowMicrophone"), advice: say("allowMicrophoneNote") };
    case "ready":
      return { title: say("readyToRecord"), advice: "" };
    case "recording": {
      const { maxMs } = state;
      const length = maxMs === null ? null : formatLength(maxMs / 1000, words);
      return {
        title: say("recordingNow"),
        advice: length === null ? "" : say("recordingEndsAt", { length }),
      };
    }
    case "recorded":
      return { title: say("recorded"), advice: END[state.endedBy]?.(words) ?? "" };
    case "unavailable":
      return describeProblem(state.problem, words);
  }
}

const END: Partial<Record<string, (words: Words) => string>> = {
  limit: ({ say }) => say("endedAtLimit"),
  device: ({ say }) => say("endedWithDevice"),
};

function describeProblem(problem: NoRecording, words: Words): ErrorText {
  const { say } = words;
  switch (problem.reason) {
    case "unsupported":
      return { title: say("cannotRecord"), advice: say("cannotRecordAdvice") };
    case "refused":
      return { title: say("microphoneRefused"), advice: say("microphoneRefusedAdvice") };
    case "no_microphone":
      return { title: say("noMicrophone"), advice: say("noMicrophoneAdvice") };
    case "busy":
      return { title: say("microphoneBusy"), advice: say("microphoneBusyAdvice") };
    case "not_loaded":
      return { title: say("recorderNotLoaded"), advice: say("recorderNotLoadedAdvice") };
    case "nothing":
      return { title: say("nothingRecorded"), advice: say("nothingRecordedAdvice") };
    case "failed":
      return { title: say("recordingFailed"), advice: say("recordingFailedAdvice") };
    case "unwanted": {
      const { why } = problem;
      const { title, advice } =
        "error" in why ? describeError(why.error, words) : describeFinding(why.finding, words);
      return {
        title: say("recordingUnwanted"),
        advice: words.join(say("sentence", { text: title }), advice),
      };
    }
  }
}

/** Whether the same may go better the next time. */
export function canRecordAgain({ reason }: NoRecording): boolean {
  return reason !== "unsupported" && reason !== "unwanted";
}
