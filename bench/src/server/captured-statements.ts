import { randomUUID } from "node:crypto";
import type { CreateUploadsResponse } from "@audiotricks/protocol/messages";
import type { LogEvent } from "kysely";
import { type CompanionConfig, openCompanion } from "./open-companion.ts";

/** The statements of one start, as Kysely sent them. */
export interface CapturedStart {
  sessionId: string;
  idempotencyKey: string;
  statements: { sql: string; parameters: readonly unknown[] }[];
}

/** Has a companion start an upload once more after it has come to rest, and writes down what it asks the database. */
export async function captureStart(
  config: CompanionConfig,
  userId: string,
  size: number,
): Promise<CapturedStart> {
  let statements: CapturedStart["statements"] = [];
  let sessionId = "";
  let idempotencyKey = "";
  await using companion = await openCompanion(config, ({ query }: LogEvent) => {
    // Written down in batches, some time later; nobody's start waits for it.
    if (!query.sql.includes("spaces_operations")) statements.push(query);
  });
  // Only the first starts of a process read the provider.
  for (let count = 0; count < 3; count++) {
    statements = [];
    idempotencyKey = randomUUID();
    const answer = await companion.fetch(
      new Request("http://127.0.0.1/v1/uploads", {
        method: "POST",
        headers: {
          authorization: userId,
          "content-type": "application/json",
          "idempotency-key": idempotencyKey,
        },
        body: JSON.stringify({ files: [{ clientId: "0", name: "song 0.wav", size, type: "audio/wav" }] }),
      }),
    );
    const { results } = (await answer.json()) as CreateUploadsResponse;
    const [result] = results;
    if (result === undefined || "error" in result) throw new Error(JSON.stringify(results));
    sessionId = result.session.sessionId;
  }
  return { sessionId, idempotencyKey, statements };
}
