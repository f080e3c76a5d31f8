import { useContext, useEffect, useRef, useState } from "react";
import { WordsContext } from "./use-words.ts";

/** Less than any room is, as a part of the loudest. */
const SILENCE = 0.001;
/** How long it may be silent before it is said, in milliseconds. */
const SILENT_MS = 3000;
/** Quiet speech is to be seen: what is heard twice as loud is drawn a step longer. */
const QUIETEST_DB = -60;

/** What a microphone hears, as a bar that moves by itself, and a word where it is nothing: a muted one would be noticed too late. */
export function SoundLevel({ stream }: { stream: MediaStream }) {
  const { say } = useContext(WordsContext);
  const bar = useRef<HTMLSpanElement>(null);
  const [isSilent, setSilent] = useState(false);

  useEffect(() => {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let heardAt = performance.now();
    let frame = 0;
    const draw = () => {
      frame = requestAnimationFrame(draw);
      if (context.state !== "running") {
        heardAt = performance.now();
        return;
      }
      analyser.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      if (loudest > SILENCE) heardAt = performance.now();
      setSilent(performance.now() - heardAt > SILENT_MS);
      const share = loudest > 0 ? 1 - (20 * Math.log10(loudest)) / QUIETEST_DB : 0;
      bar.current?.style.setProperty("--_share", Math.min(1, Math.max(0, share)).toFixed(3));
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      void context.close();
    };
  }, [stream]);

  return (
    <>
      <span className="at-progress at-level-bar" aria-hidden="true">
        <span ref={bar} className="at-progress-done" />
      </span>
      <p className="at-note at-recorder-silent" role="status">
        {isSilent ? say("nothingHeard") : ""}
      </p>
    </>
  );
}
