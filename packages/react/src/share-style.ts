import type { CSSProperties } from "react";

/** How much of a bar is filled, 0 to 1, for the stylesheet: it moves bars instead of making them longer. */
export function shareStyle(share: number): CSSProperties {
  // A property of CSS that React does not know.
  return { "--_share": Math.min(1, Math.max(0, share)).toFixed(4) } as CSSProperties;
}
