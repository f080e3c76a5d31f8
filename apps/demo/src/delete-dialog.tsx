import { useEffect, useId, useRef, useState } from "react";

interface DeleteDialogProps {
  name: string;
  onDelete: () => Promise<void>;
  onClose: () => void;
}

/** Asks before something is gone for good; the safe answer has the focus. */
export function DeleteDialog({ name, onDelete, onClose }: DeleteDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [state, setState] = useState<"asking" | "deleting" | "failed">("asking");

  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  const confirm = async () => {
    setState("deleting");
    try {
      await onDelete();
      onClose();
    } catch {
      setState("failed");
    }
  };

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onCancel={onClose}>
      <h3 id={titleId}>Delete “{name}”?</h3>
      <p>The file is gone for good, for everyone who can see it. Its space is free again.</p>
      {state === "failed" ? (
        <p className="problem" role="alert">
          It could not be deleted. Try again.
        </p>
      ) : null}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Keep
        </button>
        <button
          type="button"
          className="button button-danger"
          disabled={state === "deleting"}
          onClick={() => void confirm()}
        >
          {state === "deleting" ? "Deleting…" : "Delete"}
        </button>
      </div>
    </dialog>
  );
}
