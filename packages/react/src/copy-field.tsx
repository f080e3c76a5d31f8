import { useContext, useId, useRef, useState } from "react";
import { WordsContext } from "./use-words.ts";

interface CopyFieldProps {
  label: string;
  value: string;
  note: string;
}

/** An address to take along: where the browser lets nothing be copied, it is selected to be copied by hand. */
export function CopyField({ label, value, note }: CopyFieldProps) {
  const { say } = useContext(WordsContext);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<{ value: string; isCopied: boolean } | null>(null);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied({ value, isCopied: true });
    } catch {
      // Without TLS there is no clipboard; with it, it may be forbidden.
      field.current?.select();
      setCopied({ value, isCopied: false });
    }
  };
  const isAboutThis = copied?.value === value;

  return (
    <div className="at-copy">
      <label htmlFor={id}>{label}</label>
      <div className="at-copy-line">
        <input
          ref={field}
          id={id}
          className="at-field"
          dir="ltr"
          readOnly
          value={value}
          aria-describedby={`${id}-note`}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" className="at-button" aria-describedby={id} onClick={() => void copy()}>
          {say("copy")}
        </button>
      </div>
      <p id={`${id}-note`} className="at-note">
        {note}
      </p>
      <p className="at-note" role="status">
        {isAboutThis ? say(copied.isCopied ? "copied" : "copyByHand") : ""}
      </p>
    </div>
  );
}
