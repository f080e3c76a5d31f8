import { useContext, useEffect, useRef, useState } from "react";
import { announcementOf } from "./announcement.ts";
import { gather } from "./gather.ts";
import type { UploadsState } from "./uploads-state.ts";
import { useLatest } from "./use-latest.ts";
import { WordsContext } from "./use-words.ts";

/**
 * What happens within this time of the first news is said together, in milliseconds: a thousand files, which are added in slices
 * over some tenths of a second, are one sentence and not forty.
 */
const GATHER_MS = 500;

/** Says to a screen reader, politely, what a sighted person sees happen. */
export function LiveRegion({ state }: { state: UploadsState }) {
  const latest = useLatest(state);
  const words = useLatest(useContext(WordsContext));
  const said = useRef(state);
  const [text, setText] = useState("");
  const speech = useRef<ReturnType<typeof gather>>(null);

  useEffect(() => {
    const current = gather(() => {
      const announcement = announcementOf(said.current, latest.current, words.current);
      said.current = latest.current;
      if (announcement !== null) setText(announcement);
    }, GATHER_MS);
    speech.current = current;
    return current.stop;
  }, [latest, words]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs when there may be something to say.
  useEffect(() => speech.current?.call(), [state]);

  return (
    <p className="at-hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}
