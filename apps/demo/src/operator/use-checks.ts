import { useEffect, useState } from "react";
import { useAdmin, wordsOf } from "./ask-admin.ts";
import { CHECKS, type Finding } from "./checks.ts";

export type Looked =
  | { status: "looking" }
  | { status: "failed"; message: string }
  | { status: "looked"; findings: readonly Finding[] };

/** Who leaves the page open sees what comes. */
const AGAIN_MS = 60_000;

/** Everything that is looked at first, again each minute while the page is seen; what was found stays until then. */
export function useChecks(): { looked: readonly Looked[]; at: Date | null; again: () => void } {
  const { read } = useAdmin();
  const [looked, setLooked] = useState<readonly Looked[]>(() => CHECKS.map(() => ({ status: "looking" })));
  const [at, setAt] = useState<Date | null>(null);
  const [attempt, setAttempt] = useState(0);

  // `attempt` looks again.
  useEffect(() => {
    const stop = new AbortController();
    const now = new Date();
    const put = (index: number, one: Looked) => {
      if (!stop.signal.aborted) setLooked((all) => all.with(index, one));
    };
    const looks = CHECKS.map(({ path, query, judge }, index) =>
      read(path, query(now), stop.signal).then(
        (answer) => put(index, { status: "looked", findings: judge(answer as never, now) }),
        (error: unknown) => put(index, { status: "failed", message: wordsOf(error) }),
      ),
    );
    void Promise.all(looks).then(() => {
      if (!stop.signal.aborted) setAt(new Date());
    });
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") setAttempt((n) => n + 1);
    }, AGAIN_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [read, attempt]);

  return { looked, at, again: () => setAttempt((n) => n + 1) };
}
