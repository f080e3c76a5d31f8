import type { UploadErrorBody } from "@audiotricks/protocol";
import { useCallback, useEffect, useRef, useState } from "react";
import { onChange } from "./change-signal.ts";
import { errorBodyOf } from "./error-body.ts";
import { throttle } from "./throttle.ts";

/** Several changes in this time are one request, in milliseconds. */
const SETTLE_MS = 250;
/** However much changes, this many milliseconds lie between two requests: a thousand small files are no thousand questions. */
const PACE_MS = 1000;

export interface Resource<T> {
  /** What was read last; stays while it is read again, and when that fails: old numbers are better than none. */
  data: T | null;
  /** Why the last reading failed. */
  error: UploadErrorBody | null;
  /** Puts a change in that the companion has confirmed, ahead of reading it. */
  change: (next: (old: T) => T) => void;
  refresh: () => void;
  /** Puts in what the companion tells by itself. From then on nothing is read: an answer would be no newer, and perhaps older. */
  told: (data: T) => void;
  /** It tells nothing any more. `true`: reads at once; otherwise when there is a reason to. */
  untold: (isDue: boolean) => void;
}

interface State<T> {
  /** Whose answer it is. */
  read: (signal: AbortSignal) => Promise<T>;
  data: T | null;
  error: UploadErrorBody | null;
}

/**
 * Something the companion knows, read again soon after any widget of this page changed something there, and when the page is
 * looked at again.
 *
 * @param read Asks for it. Another function (so: stable while nothing changes) is another thing, read from scratch.
 */
export function useResource<T>(companionUrl: string, read: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<State<T>>({ read, data: null, error: null });
  const request = useRef<AbortController | null>(null);
  const isTold = useRef(false);

  const refresh = useCallback(() => {
    if (isTold.current) return;
    request.current?.abort();
    const current = new AbortController();
    request.current = current;
    read(current.signal).then(
      (answer) => {
        if (current.signal.aborted) return;
        setState({ read, data: answer, error: null });
      },
      (cause: unknown) => {
        if (current.signal.aborted) return;
        setState((old) => ({ read, data: old.read === read ? old.data : null, error: errorBodyOf(cause) }));
      },
    );
  }, [read]);

  useEffect(() => {
    refresh();
    return () => {
      request.current?.abort();
      isTold.current = false;
    };
  }, [refresh]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const paced = throttle(refresh, PACE_MS);
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        paced.call();
      }, SETTLE_MS);
    };
    const whenVisible = () => {
      if (document.visibilityState === "visible") soon();
    };
    const end = onChange(companionUrl, soon);
    document.addEventListener("visibilitychange", whenVisible);
    return () => {
      end();
      clearTimeout(timer);
      paced.stop();
      document.removeEventListener("visibilitychange", whenVisible);
    };
  }, [companionUrl, refresh]);

  const change = useCallback(
    (next: (old: T) => T) =>
      setState((old) => (old.data === null || old.read !== read ? old : { ...old, data: next(old.data) })),
    [read],
  );

  const told = useCallback(
    (data: T) => {
      isTold.current = true;
      request.current?.abort();
      setState({ read, data, error: null });
    },
    [read],
  );
  const untold = useCallback(
    (isDue: boolean) => {
      isTold.current = false;
      if (isDue) refresh();
    },
    [refresh],
  );

  // Answers of another reader are answers to another question.
  const { data, error } = state.read === read ? state : { data: null, error: null };
  return { data, error, change, refresh, told, untold };
}
