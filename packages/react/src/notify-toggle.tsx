import { useContext, useEffect, useLayoutEffect, useRef, useState } from "react";
import { canNotify, isExpectedToLast, noticeOf, notifyHidden } from "./done-notice.ts";
import { focusEntrance } from "./keep-focus.ts";
import type { UploadTotals } from "./uploads-state.ts";
import { useLatest } from "./use-latest.ts";
import { WordsContext } from "./use-words.ts";

/**
 * “Notify me when done”: there from when the uploads are expected to last until they are through, and only where it can be kept. The browser asks
 * nobody who has not pressed it.
 */
export function NotifyToggle({ totals }: { totals: UploadTotals }) {
  const words = useContext(WordsContext);
  const [isOffered, setOffered] = useState(false);
  const [isOn, setOn] = useState(false);
  const latest = useLatest({ totals, words, isOn });
  const isRunning = totals.unfinished > 0;
  const [wasRunning, setWasRunning] = useState(isRunning);
  if (wasRunning !== isRunning) {
    setWasRunning(isRunning);
    setOffered(false);
    // What was wished for the last uploads is not for these.
    if (isRunning) setOn(false);
  }
  // What remains is told anew with each rate: what was offered stays.
  else if (!isOffered && isExpectedToLast(totals) && canNotify()) setOffered(true);

  useEffect(() => {
    if (!isRunning && latest.current.isOn) {
      notifyHidden(noticeOf(latest.current.totals, latest.current.words));
    }
  }, [isRunning, latest]);

  if (!isOffered) return null;
  const toggle = async () => {
    if (isOn) return setOn(false);
    const permission = await Notification.requestPermission();
    setOn(permission === "granted");
    if (!canNotify()) setOffered(false);
  };
  return <Toggle label={words.say("notifyWhenDone")} isOn={isOn} onToggle={toggle} />;
}

function Toggle({ label, isOn, onToggle }: { label: string; isOn: boolean; onToggle: () => Promise<void> }) {
  const button = useRef<HTMLButtonElement>(null);
  // It goes by itself, and is not to take the focus along.
  useLayoutEffect(() => {
    const element = button.current;
    return () => {
      if (element?.matches(":focus")) focusEntrance(element);
    };
  }, []);
  return (
    <button
      ref={button}
      type="button"
      className="at-button at-notify"
      aria-pressed={isOn}
      onClick={() => void onToggle()}
    >
      {label}
    </button>
  );
}
