import type { Alert } from "@audiotricks/protocol/costs";
import { useState } from "react";
import { useAdmin, wordsOf } from "./ask-admin.ts";

/** Stays where it is once it was pressed, so that whoever goes by keys does as well. */
export function AcknowledgeButton({ alert, onDone }: { alert: Alert; onDone: () => void }) {
  const { ask } = useAdmin();
  const [problem, setProblem] = useState<string | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  if (alert.state === "cleared") return null;
  const isDone = alert.state === "acknowledged";
  const acknowledge = () => {
    if (isDone || isAsking) return;
    setIsAsking(true);
    setProblem(null);
    ask(`alerts/${alert.id}/acknowledge`, {}, { method: "POST" })
      .then(onDone, (error: unknown) => setProblem(wordsOf(error)))
      .finally(() => setIsAsking(false));
  };
  return (
    <>
      <button
        type="button"
        className="button"
        aria-disabled={isDone || isAsking}
        aria-label={`${isDone ? "Acknowledged" : "Acknowledge"}: ${alert.message}`}
        onClick={acknowledge}
      >
        {isDone ? "Acknowledged" : "Acknowledge"}
      </button>
      {problem === null ? null : (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
