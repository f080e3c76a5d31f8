import { useCallback, useEffect, useState } from "react";
import { type Query, useAdmin, wordsOf } from "./ask-admin.ts";

export type Answer<T> =
  | { status: "loading" }
  | { status: "failed"; message: string }
  | { status: "ready"; pages: readonly T[]; isLoadingMore: boolean; problem: string | null };

interface Paged {
  nextCursor?: string | null;
}

/**
 * What the API says, and pages after the first when asked for. What was asked before is dropped when the question changes; what is asked
 * again stays until the new answer is there.
 */
export function useAnswer<T extends object>(path: string, query: Query) {
  const { read } = useAdmin();
  const key = JSON.stringify([path, query]);
  const [held, setHeld] = useState<{ key: string; answer: Answer<T> }>({
    key,
    answer: { status: "loading" },
  });
  const [attempt, setAttempt] = useState(0);
  const answer: Answer<T> = held.key === key ? held.answer : { status: "loading" };

  // `attempt` asks again.
  useEffect(() => {
    // Of the key: a query that is written out anew at each rendering is the same question.
    const [path, query] = JSON.parse(key) as [string, Query];
    const stop = new AbortController();
    const put = (answer: Answer<T>) => {
      if (!stop.signal.aborted) setHeld({ key, answer });
    };
    (read(path, query, stop.signal) as Promise<T>).then(
      (page) => put({ status: "ready", pages: [page], isLoadingMore: false, problem: null }),
      (error: unknown) => put({ status: "failed", message: wordsOf(error) }),
    );
    return () => stop.abort();
  }, [key, read, attempt]);

  const last = answer.status === "ready" ? (answer.pages.at(-1) as (T & Paged) | undefined) : undefined;
  const cursor = last?.nextCursor ?? null;
  const more = () => {
    if (answer.status !== "ready" || cursor === null || answer.isLoadingMore) return;
    const { pages } = answer;
    const put = (change: Partial<Extract<Answer<T>, { status: "ready" }>>) =>
      setHeld((now) =>
        now.key === key && now.answer.status === "ready" && now.answer.pages === pages
          ? { key, answer: { ...now.answer, isLoadingMore: false, problem: null, ...change } }
          : now,
      );
    put({ isLoadingMore: true });
    (read(path, { ...query, cursor }) as Promise<T>).then(
      (page) => put({ pages: [...pages, page] }),
      (error: unknown) => put({ problem: wordsOf(error) }),
    );
  };
  return {
    answer,
    again: useCallback(() => {
      setHeld((now) =>
        now.answer.status === "failed" ? { key: now.key, answer: { status: "loading" } } : now,
      );
      setAttempt((n) => n + 1);
    }, []),
    more: cursor === null ? null : more,
  };
}
