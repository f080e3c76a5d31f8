import { setTimeout as delay } from "node:timers/promises";
import type { ExportRecord } from "@audiotricks/protocol/messages";
import type { Storage } from "@audiotricks/storage";
import type { Command, Outcome } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { openStorage } from "../open-storage.ts";
import { recordAround } from "../record-around.ts";
import { formatSize } from "../sizes.ts";

/** Of the archive, once it is there. */
const EXPIRES_IN = 7 * 86_400;
const LOOK_AGAIN_MS = 1_000;

export const exportUser: Command = {
  name: "export user",
  synopsis: "ID",
  summary:
    "Makes an archive of everything of a user's: their files, and what is known about them as JSON. It takes nobody's quota, lies under backups/user-data/ for a week, and the URL that is printed fetches it for a few minutes.",
  options: {},
  takesId: true,
  needsStore: true,
  changes: (words) => ({ action: "exportUser", resourceId: words.id() }),
  run: async (site, words) => {
    const userId = words.id();
    const storage = await openStorage(site);
    const { interrupted } = site.terminal;
    try {
      return await recordAround(
        site,
        { action: "exportUser", resourceId: userId },
        async () => report(storage, userId, await make(storage, userId, interrupted)),
        // The URL is a credential.
        ({ json: { url: _url, ...made } }) => made,
      );
    } finally {
      await storage.close();
    }
  },
};

/** By this process, or by a server that was quicker. */
async function make(storage: Storage, userId: string, signal: AbortSignal): Promise<ExportRecord> {
  let made = await storage.exports.create({ userId }, { kind: "user-data", expiresIn: EXPIRES_IN });
  while ((made.state === "queued" || made.state === "running") && !signal.aborted) {
    await storage.exports.run({ signal });
    made = await storage.exports.get({ userId }, made.id);
    if (made.state !== "done") await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
  return made;
}

async function report(
  storage: Storage,
  userId: string,
  made: ExportRecord,
): Promise<Outcome & { json: { url: string | null } }> {
  const { id: exportId, state, fileId, files, bytes, expiresAt, error } = made;
  const url = state === "done" ? (await storage.exports.download({ userId }, exportId)).url : null;
  const json = { exportId, state, fileId, files, bytes: bytes.total, expiresAt, error, url };
  const text =
    url === null
      ? `The export is ${state}${error === null ? "; servers go on with it." : `: ${error.message}`}`
      : [
          `${files.done} files, ${formatSize(bytes.total)}${files.missing === 0 ? "" : `; ${files.missing} could not be read, MISSING.txt names them`}.`,
          url,
        ].join("\n");
  return { json, text, exitCode: url === null ? EXIT.failed : files.missing === 0 ? EXIT.ok : EXIT.look };
}
