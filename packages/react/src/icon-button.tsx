import type { MouseEvent, ReactNode } from "react";

interface IconButtonProps {
  label: string;
  onClick: (event: MouseEvent<HTMLButtonElement>) => void;
  /** Does nothing just now, and keeps the focus. */
  isIdle?: boolean;
  children: ReactNode;
}

export function IconButton({ label, onClick, isIdle = false, children }: IconButtonProps) {
  return (
    <button
      type="button"
      className="at-icon-button"
      aria-label={label}
      aria-disabled={isIdle || undefined}
      title={label}
      onClick={isIdle ? undefined : onClick}
    >
      {children}
    </button>
  );
}
