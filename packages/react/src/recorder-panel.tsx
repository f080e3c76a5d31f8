import { type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { canRecordAgain, describeRecorder } from "./describe-recorder.ts";
import { formatLength } from "./format-audio.ts";
import { MicrophoneIcon } from "./icons.tsx";
import type { RecorderState } from "./recorder-state.ts";
import { SoundLevel } from "./sound-level.tsx";
import { isUnsaved, type RecorderControls } from "./use-recorder.ts";
import { WordsContext } from "./use-words.ts";
import { Player } from "./waveform-player.tsx";

/** A way in beside the drop zone: a button, and what it opens. */
export function RecorderPanel({ recorder, canAdd }: { recorder: RecorderControls; canAdd: boolean }) {
  const { say } = useContext(WordsContext);
  const { state } = recorder;
  const way = useRef<HTMLButtonElement>(null);
  const isOpen = state.status !== "closed";
  const wasOpen = useRef(isOpen);
  useEffect(() => {
    const isLost = document.activeElement === document.body;
    if (wasOpen.current && !isOpen && isLost) way.current?.focus({ preventScroll: true });
    wasOpen.current = isOpen;
  }, [isOpen]);

  if (isOpen) return <OpenPanel recorder={recorder} canAdd={canAdd} />;
  return (
    <button
      ref={way}
      type="button"
      className="at-button at-record"
      aria-disabled={!canAdd || undefined}
      onClick={canAdd ? recorder.open : undefined}
    >
      <MicrophoneIcon />
      {say("record")}
    </button>
  );
}

function OpenPanel({ recorder, canAdd }: { recorder: RecorderControls; canAdd: boolean }) {
  const words = useContext(WordsContext);
  const { say } = words;
  const { state } = recorder;
  const { status } = state;
  const { title, advice } = describeRecorder(state, words);
  const panel = useRef<HTMLElement>(null);
  // Buttons come and go with what is done: whoever is here stays here, on what is to be done next.
  useEffect(() => {
    const { activeElement, body } = document;
    if (status === "closed" || (activeElement !== body && activeElement !== panel.current)) return;
    const next = panel.current?.querySelector<HTMLElement>(".at-button-main") ?? panel.current;
    next?.focus({ preventScroll: true });
  }, [status]);

  return (
    <section
      ref={panel}
      className="at-recorder"
      aria-label={say("recorder")}
      tabIndex={-1}
      data-status={status}
      data-reason={state.status === "unavailable" ? state.problem.reason : undefined}
    >
      <div className="at-recorder-text" role="status">
        <p className="at-heading">{title}</p>
        {advice === "" ? null : <p className="at-note">{advice}</p>}
      </div>
      {state.status === "recording" ? <Elapsed since={state.startedAt} /> : null}
      {"stream" in state ? <SoundLevel stream={state.stream} /> : null}
      {state.status === "recorded" ? (
        <Player
          name={state.clip.file.name}
          source={async () => state.clip.url}
          durationSeconds={state.clip.seconds}
          peaks={null}
        />
      ) : null}
      <div className="at-choice-actions">
        <MainButton recorder={recorder} canAdd={canAdd} />
        {state.status === "recorded" ? (
          <>
            <a className="at-button" href={state.clip.url} download={state.clip.file.name}>
              {say("saveRecording")}
            </a>
            <Button onClick={recorder.discard}>{say("discardRecording")}</Button>
          </>
        ) : null}
        {/* What would be lost is discarded by its own name. */}
        {isUnsaved(state) ? null : <Button onClick={recorder.close}>{say("close")}</Button>}
      </div>
    </section>
  );
}

/** What there is to do next. One element from start to stop, so that one finger is enough. */
function MainButton({ recorder, canAdd }: { recorder: RecorderControls; canAdd: boolean }) {
  const { say } = useContext(WordsContext);
  const { state, open, start, stop, upload } = recorder;
  const shown: Partial<Record<RecorderState["status"], [label: string, onClick: () => void]>> = {
    ready: [say("startRecording"), start],
    recording: [say("stopRecording"), stop],
    recorded: [say("uploadRecording"), upload],
  };
  if (state.status === "unavailable" && canRecordAgain(state.problem)) {
    shown.unavailable = [say("tryAgain"), open];
  }
  const button = shown[state.status];
  if (button === undefined) return null;
  const [label, onClick] = button;
  const isIdle = state.status === "recorded" && !canAdd;
  return (
    <Button isMain isIdle={isIdle} onClick={onClick}>
      {label}
    </Button>
  );
}

function Button(props: { children: ReactNode; onClick: () => void; isMain?: boolean; isIdle?: boolean }) {
  const { children, onClick, isMain = false, isIdle = false } = props;
  return (
    <button
      type="button"
      className={isMain ? "at-button at-button-main" : "at-button"}
      aria-disabled={isIdle || undefined}
      onClick={isIdle ? undefined : onClick}
    >
      {children}
    </button>
  );
}

function Elapsed({ since }: { since: number }) {
  const words = useContext(WordsContext);
  const [now, setNow] = useState(since);
  useEffect(() => {
    const look = () => setNow(performance.now());
    look();
    const timer = setInterval(look, 250);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="at-recorder-time" role="timer" dir="ltr">
      {formatLength(Math.floor(Math.max(0, now - since) / 1000), words)}
    </p>
  );
}
