import { UploadError } from "@audiotricks/protocol";
import { useId, useLayoutEffect, useRef, useState } from "react";

interface DeleteDialogProps {
  name: string;
  /** Resolves once the file is gone, and this with it. */
  onDelete: () => Promise<void>;
  onClose: () => void;
}

/** Asks before something is gone for good; the safe answer has the focus. */
export function DeleteDialog({ name, onDelete, onClose }: DeleteDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [isDeleting, setDeleting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  // Closed while it is still in the document: only then does the browser give the focus back to the button that opened it.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  const confirm = async () => {
    setDeleting(true);
    try {
      await onDelete();
    } catch (error) {
      setDeleting(false);
      setProblem(reasonOf(error));
    }
  };

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={titleId} onCancel={onClose}>
      <h3 id={titleId}>Delete “{name}”?</h3>
      <p>The file is gone for good, for everyone who can see it. Its space is free again.</p>
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Keep
        </button>
        <button
          type="button"
          className="button button-danger"
          disabled={isDeleting}
          onClick={() => void confirm()}
        >
          {isDeleting ? "Deleting…" : "Delete"}
        </button>
      </div>
    </dialog>
  );
}

function reasonOf(error: unknown): string {
  const code = error instanceof UploadError ? error.code : "internal";
  if (code === "forbidden" || code === "file_not_found")
    return "Only whoever uploaded it, or an admin, can delete it.";
  return "It could not be deleted. Try again in a moment.";
}
