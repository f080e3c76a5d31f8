import { useEffect, useRef, useState } from "react";
import { announcementOf } from "./announcement.ts";
import type { UploadsState } from "./uploads-state.ts";

/** Says to a screen reader, politely, what a sighted person sees happen. */
export function LiveRegion({ state }: { state: UploadsState }) {
  const previous = useRef(state);
  const [text, setText] = useState("");
  useEffect(() => {
    const announcement = announcementOf(previous.current, state);
    previous.current = state;
    if (announcement !== null) setText(announcement);
  }, [state]);
  return (
    <p className="at-hidden" role="status" aria-live="polite">
      {text}
    </p>
  );
}
