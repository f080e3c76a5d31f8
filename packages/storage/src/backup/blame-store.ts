import type { AwayStores } from "../checks/away-stores.ts";
import { CopyFailure } from "./copy-failure.ts";

/** Whose doing a failure is: a bucket's, which is left alone for a while and nobody else; the file's; or that of neither. */
export function blame(
  error: unknown,
  away: AwayStores,
  { fromId, toId }: { fromId: string; toId: string },
): "store" | "file" | "nobody" {
  if (!(error instanceof CopyFailure)) return "nobody";
  switch (error.code) {
    case "source_unavailable":
      away.failed(fromId);
      return "store";
    case "target_unavailable":
      away.failed(toId);
      return "store";
    case "source_missing":
    case "source_changed":
    case "checksum_differs":
    case "completing":
    case "too_late":
      return "file";
    default:
      return error.code satisfies never;
  }
}
