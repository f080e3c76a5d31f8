import type { FromWorker, ToWorker } from "./engine-messages.ts";

/** Holds the locks by which a page notices that its worker is gone, and says that it does. */
export function createVitalSign(
  post: (message: FromWorker) => void,
  locks: Pick<LockManager, "request"> | undefined,
): (message: Extract<ToWorker, { type: "hold" | "let-go" }>) => void {
  const held = new Map<string, () => void>();
  return ({ type, name }) => {
    if (type === "let-go") {
      held.get(name)?.();
      held.delete(name);
    } else if (held.has(name) || locks === undefined) post({ type: "holding", name });
    else {
      const { promise: untilLetGo, resolve: letGo } = Promise.withResolvers<void>();
      held.set(name, letGo);
      locks
        .request(name, () => {
          post({ type: "holding", name });
          return untilLetGo;
        })
        // Refused (an opaque origin): the page is at least told that somebody is here.
        .catch(() => post({ type: "holding", name }));
    }
  };
}
