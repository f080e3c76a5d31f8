import { type RefObject, useEffect, useRef, useState } from "react";
import { useLatest } from "./use-latest.ts";

/** A signed URL ends while a long recording plays: a new one takes over at the same second, so often at most. */
const MAX_SOURCES = 20;

export interface Playback {
  audio: RefObject<HTMLAudioElement | null>;
  url: string | null;
  isPlaying: boolean;
  /** Seconds from the beginning. */
  at: number;
  /** Seconds; `null` while it is not known. */
  duration: number | null;
  hasFailed: boolean;
  toggle: () => void;
  seek: (seconds: number) => void;
  /** For the element. */
  handlers: {
    onPlay: () => void;
    onPause: () => void;
    onTimeUpdate: () => void;
    onLoadedMetadata: () => void;
    onError: () => void;
  };
}

/** What plays in this page: two recordings over each other help nobody. */
let playing: HTMLAudioElement | null = null;

/**
 * Plays one recording. Nothing is asked for before somebody wants to hear it.
 *
 * @param options.source An address to play from; asked for again where one does not work any more.
 */
export function usePlayback(options: {
  source: () => Promise<string>;
  durationSeconds: number | null;
  autoPlay: boolean;
}): Playback {
  const { durationSeconds, autoPlay } = options;
  const source = useLatest(options.source);
  const audio = useRef<HTMLAudioElement>(null);
  const [url, setUrl] = useState<string | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [measured, setMeasured] = useState<number | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const sources = useRef(0);
  const wanted = useRef({ at: 0, isPlaying: false });

  const load = () => {
    sources.current += 1;
    setFailed(false);
    source.current().then(setUrl, () => setFailed(true));
  };
  const play = () => {
    wanted.current.isPlaying = true;
    // Refused without a gesture, as where a page begins by itself: the button is still there.
    if (url !== null && !hasFailed) audio.current?.play().catch(() => {});
    else load();
  };

  const begin = useLatest(play);
  useEffect(() => {
    if (autoPlay) begin.current();
  }, [autoPlay, begin]);
  useEffect(() => {
    const element = audio.current;
    return () => {
      if (playing === element) playing = null;
    };
  }, []);

  return {
    audio,
    url,
    isPlaying,
    at,
    duration: measured ?? durationSeconds,
    hasFailed,
    toggle: () => {
      if (!isPlaying) return play();
      wanted.current.isPlaying = false;
      audio.current?.pause();
    },
    seek: (seconds) => {
      wanted.current.at = seconds;
      setAt(seconds);
      if (audio.current !== null && url !== null) audio.current.currentTime = seconds;
    },
    handlers: {
      onPlay: () => {
        if (playing !== audio.current) playing?.pause();
        playing = audio.current;
        setPlaying(true);
      },
      onPause: () => setPlaying(false),
      onTimeUpdate: () => {
        const seconds = audio.current?.currentTime ?? 0;
        if (seconds > 0) wanted.current.at = seconds;
        setAt(seconds);
      },
      onLoadedMetadata: () => {
        const element = audio.current;
        if (element === null) return;
        if (Number.isFinite(element.duration)) setMeasured(element.duration);
        if (wanted.current.at > 0) element.currentTime = wanted.current.at;
        if (wanted.current.isPlaying) element.play().catch(() => {});
      },
      onError: () => {
        setPlaying(false);
        if (wanted.current.at > 0 && sources.current < MAX_SOURCES) load();
        else setFailed(true);
      },
    },
  };
}
