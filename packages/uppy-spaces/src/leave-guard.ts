/** Asks before the page is left. Listening only while it matters keeps the page fit for the browser's back-forward cache. */
export interface LeaveGuard {
  set: (isWanted: boolean) => void;
}

export function createLeaveGuard(): LeaveGuard {
  let isGuarding = false;
  /** One for each uploader of the page: what another one no longer needs, this one may. */
  const warn = (event: BeforeUnloadEvent) => event.preventDefault();
  return {
    set: (isWanted) => {
      if (isWanted === isGuarding || typeof window === "undefined") return;
      isGuarding = isWanted;
      if (isWanted) window.addEventListener("beforeunload", warn);
      else window.removeEventListener("beforeunload", warn);
    },
  };
}
