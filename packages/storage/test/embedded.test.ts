import { wavBytes } from "@audiotricks/testing/audio";
import { expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { countUsage, newUpload, openTestStorage, PART_SIZE, send, upload } from "./test-storage.ts";

it("runs on PGlite, with many calls at once on its one session", async () => {
  const store = await openEmulator();
  await using on = await openTestStorage(store, { database: "pglite" });
  const bytes = wavBytes(2 * PART_SIZE + 5);
  const results = await on.storage.uploads.create(
    on.me,
    Array.from({ length: 6 }, (_, index) => newUpload({ size: index % 2 ? bytes.length : 1000 })),
  );
  const sessions = results.map((result) => {
    if ("error" in result) throw new Error(result.error.message);
    return result.session;
  });
  await Promise.all(sessions.map((session) => send(session, session.urls, wavBytes(session.size))));
  const done = await Promise.all(
    sessions.flatMap(({ sessionId }) => [1, 2].map(() => on.storage.uploads.complete(on.me, sessionId, {}))),
  );
  for (const completion of done) expect(completion).toMatchObject({ state: "completed" });
  const file = await upload(on, wavBytes(300));
  await on.storage.files.delete(on.me, file.id);
  const cancelled = await on.storage.uploads.create(on.me, [newUpload({ size: bytes.length })]);
  if (cancelled[0] === undefined || "error" in cancelled[0]) throw new Error("not created");
  await on.storage.uploads.cancel(on.me, cancelled[0].session.sessionId);
  expect(await on.storage.sweep()).toMatchObject({ failures: [] });
  expect(await on.storage.upkeep.reconcile()).toMatchObject({ objects: 6, findings: {} });
  expect(await on.storage.upkeep.keepOperations()).toEqual({
    monthsMade: 0,
    monthsDropped: 0,
    rowsDropped: 0,
  });
  expect(await countUsage(on.db, on.me)).toEqual({
    usedBytes: 3 * bytes.length + 3000,
    usedFiles: 6,
    reservedBytes: 0,
    reservedFiles: 0,
  });
  expect((await on.storage.files.list(on.me, { limit: 4 })).nextCursor).not.toBeNull();
  await store.close();
});
