import type { AdminUsageResponse } from "@audiotricks/protocol/admin";
import { useMemo } from "react";
import { useAnswer } from "./use-answer.ts";

const FULLEST = { limit: "500" };

/** What people call the workspaces that hold most; of others only the id is known. */
export function useWorkspaceNames(): (workspaceId: string) => string | undefined {
  const { answer } = useAnswer<AdminUsageResponse>("usage", FULLEST);
  const pages = answer.status === "ready" ? answer.pages : undefined;
  return useMemo(() => {
    const rows = pages?.flatMap(({ workspaces }) => workspaces) ?? [];
    const names = new Map(rows.map(({ workspaceId, name }) => [workspaceId, name]));
    return (workspaceId) => names.get(workspaceId);
  }, [pages]);
}
