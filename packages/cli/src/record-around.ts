import { type OperatorEntry, recordOperator } from "@audiotricks/storage";
import type { Site } from "./command.ts";

/**
 * A change that no transaction holds: written down before it begins, so that a crash hides nothing, and with what came of it. That
 * it failed is written where all refusals are.
 */
export async function recordAround<Result>(
  { db, by }: Pick<Site, "db" | "by">,
  about: Pick<OperatorEntry, "action" | "resourceId" | "change">,
  work: () => Promise<Result>,
  describe: (result: Result) => unknown,
): Promise<Result> {
  await recordOperator(db, by, { ...about, outcome: "begun" });
  const result = await work();
  const { action, resourceId } = about;
  await recordOperator(db, by, { action, resourceId, outcome: "done", change: { after: describe(result) } });
  return result;
}
