import { hostileMedia } from "@audiotricks/testing/hostile-media";
import { describe, expect, it } from "vitest";
import { ask, follow } from "./target/ask.ts";
import { newUser, query } from "./target/database.ts";
import { inLanes } from "./target/in-lanes.ts";
import { watchMemory } from "./target/resident-memory.ts";
import { SCALE, say } from "./target/scale.ts";
import { expectServedSafely } from "./target/served.ts";
import { bucket } from "./target/state.ts";
import { beginOne, complete, downloadUrl, NOTHING, sendParts, usageOf } from "./target/upload.ts";

const LANES = 4;
/** From the first request to the last for one file, while others are under way. */
const LONGEST_MS = 10_000;
/** A server that was just started, with the local store inside, takes some 150 MiB more once it works. */
const MEMORY = 256 * 1024 ** 2;

describe("a hostile media file: truncated, fuzzed, polyglot, a bomb under another name", () => {
  it("is stored as what its name says or refused and removed; it is never unpacked, never a page, and costs little time and memory, also where the server reads what is in it", async () => {
    const who = await newUser();
    const files = hostileMedia(SCALE.hostileMedia);
    using memory = watchMemory();
    const outcomes = { stored: 0, refused: 0, storedBytes: 0 };
    const gone: string[] = [];
    let longestMs = 0;
    await inLanes(LANES, files, async ({ what, name, contentType, bytes }) => {
      const start = performance.now();
      const method = bytes.length % 2 === 0 ? "put" : "multipart";
      const session = await beginOne(who, { name, contentType, size: bytes.length, method });
      await sendParts(session, bytes);
      const answer = await complete(who, session.sessionId);
      const extension = name.split(".").at(-1) ?? "";
      if (answer.status === 200) {
        outcomes.stored++;
        outcomes.storedBytes += bytes.length;
        for (const asked of ["attachment", "inline"] as const) {
          const served = await follow(await downloadUrl(who, session.fileId, asked));
          expectServedSafely(served, { extension, asked });
          expect(served.body.equals(bytes), what).toBe(true);
        }
      } else {
        expect(answer.code, `${what} as ${name}`).toBe("content_mismatch");
        outcomes.refused++;
        gone.push(session.key);
        const asked = await ask(who, "POST", `/v1/files/${session.fileId}/download`, { json: {} });
        expect(asked.code).toBe("file_not_found");
      }
      longestMs = Math.max(longestMs, performance.now() - start);
    });
    // The server looks into all that it stored, and is done with each.
    await expect
      .poll(
        async () =>
          (
            await query(
              "SELECT FROM file_checks k JOIN file_storage f ON f.id = k.file_storage_id WHERE f.former_user_id = $1",
              [who],
            )
          ).length,
        { timeout: 300_000 },
      )
      .toBe(0);
    const [inspected] = await query<{ files: number; hours: number }>(
      `SELECT count(*)::integer AS files, coalesce(max(sound_seconds), 0) / 3600 AS hours FROM file_storage
       WHERE former_user_id = $1 AND sound_inspected_at IS NOT NULL`,
      [who],
    );
    expect(inspected?.files).toBeGreaterThan(0);
    expect(inspected?.hours).toBeLessThan(1);
    const growth = await memory.growth();
    say(
      `${files.length} files, ${outcomes.stored} stored: longest ${longestMs.toFixed()} ms, ${(growth / 1024 ** 2).toFixed()} MiB more`,
    );
    expect(longestMs).toBeLessThan(LONGEST_MS);
    expect(growth).toBeLessThan(MEMORY);
    expect(outcomes.stored).toBeGreaterThan(files.length / 20);
    expect(outcomes.refused).toBeGreaterThan(files.length / 5);
    const { stored, storedBytes } = outcomes;
    expect(await usageOf(who)).toEqual({ ...NOTHING, usedFiles: stored, usedBytes: storedBytes });
    await expect
      .poll(async () => (await bucket.keys()).filter((key) => gone.includes(key)), { timeout: 120_000 })
      .toEqual([]);
  });
});
