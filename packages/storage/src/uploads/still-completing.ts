import type { Completion } from "@audiotricks/protocol/messages";
import type { Session } from "./session.ts";

const LEAST_MS = 1_500;
const MOST_MS = 15_000;

/** Another caller is at it, or the store has not decided: the longer that has lasted, the longer until it is asked again. */
export function stillCompleting({
  id,
  completeSentAgoMs,
}: Pick<Session, "id" | "completeSentAgoMs">): Completion {
  const retryAfterMs = Math.round(Math.min(Math.max((completeSentAgoMs ?? 0) / 10, LEAST_MS), MOST_MS));
  return { state: "completing", sessionId: id, retryAfterMs };
}
