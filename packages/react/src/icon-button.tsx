import type { ReactNode } from "react";

export function IconButton(props: { label: string; onClick: () => void; children: ReactNode }) {
  const { label, onClick, children } = props;
  return (
    <button type="button" className="at-icon-button" aria-label={label} title={label} onClick={onClick}>
      {children}
    </button>
  );
}
