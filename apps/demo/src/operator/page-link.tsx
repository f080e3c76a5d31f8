import type { MouseEvent, ReactNode } from "react";
import { navigate } from "./use-location.ts";

interface PageLinkProps {
  to: string;
  /** `"true"`: of several on a page, the one that is chosen. */
  isCurrent?: boolean | "true";
  children: ReactNode;
}

/** A link of these pages: whoever wants another tab gets one. */
export function PageLink({ to, isCurrent = false, children }: PageLinkProps) {
  const go = (event: MouseEvent) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={go} aria-current={isCurrent === true ? "page" : isCurrent || undefined}>
      {children}
    </a>
  );
}
