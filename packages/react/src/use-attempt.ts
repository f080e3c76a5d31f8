import type { UploadErrorBody } from "@audiotricks/protocol";
import { useCallback, useState } from "react";
import { errorBodyOf } from "./error-body.ts";

/** Something that is asked of the companion, once at a time. */
export type Attempt =
  | { status: "idle" }
  | { status: "running" }
  | { status: "done" }
  | { status: "refused"; error: UploadErrorBody };

/**
 * Runs one thing at a time: what is begun while another is under way is not begun.
 *
 * @returns How it went last, and what begins another.
 */
export function useAttempt(): readonly [Attempt, (run: () => Promise<void>) => void] {
  const [attempt, setAttempt] = useState<Attempt>({ status: "idle" });
  const isRunning = attempt.status === "running";
  const begin = useCallback(
    (run: () => Promise<void>) => {
      if (isRunning) return;
      setAttempt({ status: "running" });
      run().then(
        () => setAttempt({ status: "done" }),
        (cause: unknown) => setAttempt({ status: "refused", error: errorBodyOf(cause) }),
      );
    },
    [isRunning],
  );
  return [attempt, begin];
}
