import type { NoWaveform } from "@audiotricks/audio-waveform";
import type { Peaks } from "@audiotricks/protocol";
import { type KeyboardEvent, type PointerEvent, useContext } from "react";
import { formatLength } from "./format-audio.ts";
import { PlayIcon, StopPlayingIcon } from "./icons.tsx";
import { usePlayback } from "./use-playback.ts";
import { type LocaleOption, useWords, WordsContext } from "./use-words.ts";
import { WaveformDrawing } from "./waveform.tsx";

/** Seconds that an arrow key moves, and part of the whole that a page key does. */
const ARROW_SECONDS = 5;
const PAGE_PART = 0.1;

export interface WaveformPlayerProps extends PlayerProps {
  /** As of `<AudioUploader>`. */
  locale?: LocaleOption | undefined;
}

interface PlayerProps {
  /** The recording's name, which is said with the button and the position. */
  name: string;
  /** An address to play from: asked for when somebody wants to hear it, and again when one does not work any more. */
  source: () => Promise<string>;
  /** `null` where there are none: a line is drawn. */
  peaks: Peaks | null;
  /** How much of the recording the peaks are of, 0 to 1. Default: 1. */
  part?: number | undefined;
  /** Seconds, where they are known before it is loaded. */
  durationSeconds?: number | null | undefined;
  /** Whether it begins by itself, where the browser allows that. Default: `false`. */
  autoPlay?: boolean | undefined;
  /** For styles and tests, as `data-waveform`. Default: `"done"`, or `"none"` without peaks. */
  state?: "waiting" | "drawing" | "done" | "none" | undefined;
  /** Why there is no waveform, as `data-reason`. */
  reason?: NoWaveform | undefined;
}

/** Plays a recording, with its waveform to see where it is and to go elsewhere. Needs the stylesheet. */
export function WaveformPlayer({ locale, ...props }: WaveformPlayerProps) {
  const words = useWords(locale);
  if (words === null) return null;
  return (
    <WordsContext.Provider value={words}>
      <Player {...props} />
    </WordsContext.Provider>
  );
}

/** The same in the language of what it is in. */
export function Player(props: PlayerProps) {
  const { name, source, peaks, part = 1, durationSeconds = null, autoPlay = false, reason } = props;
  const { state = peaks === null ? "none" : "done" } = props;
  const words = useContext(WordsContext);
  const { audio, url, isPlaying, at, duration, hasFailed, toggle, seek, handlers } = usePlayback({
    source,
    durationSeconds,
    autoPlay,
  });
  const total = duration ?? 0;
  const goTo = (seconds: number) => seek(Math.max(0, Math.min(total, seconds)));
  const time = words.say("timeOf", {
    at: formatLength(at, words),
    total: duration === null ? "–:––" : formatLength(total, words),
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const target = placesByKey(at, total)[event.key];
    if (target === undefined || duration === null) return;
    event.preventDefault();
    goTo(target);
  };
  const toPointer = (event: PointerEvent<HTMLElement>) => {
    if (duration === null || (event.buttons & 1) === 0) return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    goTo(((event.clientX - left) / width) * total);
  };

  return (
    // As clocks and instruments are in every language.
    <div className="at-player" dir="ltr" data-waveform={state} data-reason={reason}>
      <button
        type="button"
        className="at-icon-button at-play"
        aria-label={words.say("play", { name })}
        aria-pressed={isPlaying}
        title={words.say("play", { name })}
        onClick={toggle}
      >
        {isPlaying ? <StopPlayingIcon /> : <PlayIcon />}
      </button>
      <div
        className="at-wave-box"
        role="slider"
        tabIndex={0}
        aria-label={words.say("positionIn", { name })}
        aria-valuemin={0}
        aria-valuemax={Math.max(1, Math.round(total))}
        aria-valuenow={Math.round(Math.min(at, total))}
        aria-valuetext={time}
        aria-disabled={duration === null || undefined}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          toPointer(event);
        }}
        onPointerMove={toPointer}
      >
        <WaveformDrawing peaks={peaks} part={part} played={total > 0 ? Math.min(1, at / total) : 0} />
      </div>
      <span className="at-player-time" aria-hidden="true">
        {formatLength(at, words)}
        {duration === null ? "" : ` / ${formatLength(total, words)}`}
      </span>
      {hasFailed ? (
        <p className="at-player-problem" role="alert" dir={words.dir}>
          {words.say("sentence", { text: words.say("cannotPlay") })}
        </p>
      ) : null}
      <audio ref={audio} preload="metadata" src={url ?? undefined} {...handlers} />
    </div>
  );
}

function placesByKey(at: number, total: number): Record<string, number> {
  const page = Math.max(ARROW_SECONDS, total * PAGE_PART);
  return {
    ArrowRight: at + ARROW_SECONDS,
    ArrowUp: at + ARROW_SECONDS,
    ArrowLeft: at - ARROW_SECONDS,
    ArrowDown: at - ARROW_SECONDS,
    PageUp: at + page,
    PageDown: at - page,
    Home: 0,
    End: total,
  };
}
