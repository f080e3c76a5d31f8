import type { CreateExportRequest } from "@audiotricks/protocol/messages";
import type { Principal } from "@audiotricks/storage";
import type { KnownExport } from "../site/known-exports.ts";
import type { Site } from "../site/site.ts";
import { runAs, running } from "../world/actor.ts";
import type { Companion } from "./companion.ts";
import { unlessCut } from "./deliverer.ts";
import { type Device, whateverComes } from "./device.ts";

const LOOK_AGAIN_MS = 2_000;
const MOST_FILES = 4;
const AN_HOUR = 3_600;

/** Somebody who wants files of theirs in one archive. Whoever hears nothing asks again, with the same key. */
export async function askForExport(site: Site, device: Device, me: Principal, luck: number): Promise<void> {
  const { random } = running();
  const stored = device.uploads.filter(
    (one) =>
      one.me.userId === me.userId && site.ledger.sessions.get(one.session.sessionId)?.completed != null,
  );
  // The largest first, which take several parts.
  const largest = stored.toSorted((a, b) => b.session.size - a.session.size);
  const fileIds = largest.slice(0, MOST_FILES).map(({ session }) => session.fileId);
  const expiresIn = random.pick([AN_HOUR, 86_400, 7 * 86_400]) ?? AN_HOUR;
  const kind = fileIds.length === 0 ? "user-data" : random.pick(["files", "files", "filter", "user-data"]);
  const request: CreateExportRequest =
    kind === "files"
      ? { kind, fileIds, expiresIn }
      : kind === "filter"
        ? { kind, contentType: "audio_file", expiresIn }
        : { kind: "user-data", expiresIn };
  for (let tries = 0; tries < 3; tries++) {
    const isHeard = await device
      .ask(async (storage) => {
        const idempotencyKey = `export ${luck}`;
        const record = await storage.exports.create(me, request, { idempotencyKey });
        site.ledger.exports.born(record, kind === "files" ? fileIds : undefined);
        site.faults.note("export-asked-for");
      })
      .then(
        () => true,
        () => false,
      );
    if (isHeard) return;
  }
}

/** One round of a server's worker, and another one soon. It may be told to stop, or end without a word, at any moment of it. */
export async function makeExports(
  site: Site,
  { actor, storage }: Companion,
  rounds: number,
  stopsAfterMs?: number,
): Promise<void> {
  const { random } = running();
  const { world } = site;
  const controller = new AbortController();
  await runAs({ actor, random }, async () => {
    if (stopsAfterMs !== undefined) world.after(stopsAfterMs, () => controller.abort());
    for (let round = 0; round < rounds && !controller.signal.aborted; round++) {
      if (round > 0) await world.sleep(LOOK_AGAIN_MS);
      await unlessCut(async () => {
        const { failures } = await storage.exports.run({ signal: controller.signal });
        for (const failure of failures) site.said.push(JSON.stringify(failure));
      });
    }
  });
}

/** Of anybody's; the rows say whose. */
function ownerOf(site: Site, { id }: KnownExport): Promise<Principal> {
  return site.database.inTurn(async () => {
    const { rows } = await site.database.run("SELECT user_id FROM storage_exports WHERE id = $1", [id]);
    const userId = rows[0]?.user_id;
    return { userId: typeof userId === "string" ? userId : "00000000-0000-4000-8000-000000000000" };
  });
}

export async function lookAtExport(site: Site, device: Device, which: number): Promise<void> {
  const known = site.ledger.exports.all.at(-1 - (which % 3));
  if (known === undefined) return;
  const me = await ownerOf(site, known);
  await device.ask(async (storage) => site.ledger.exports.said(await storage.exports.get(me, known.id)));
  await whateverComes(device.ask((storage) => storage.exports.download(me, known.id)));
}

export async function cancelExport(site: Site, device: Device, which: number): Promise<void> {
  const known = site.ledger.exports.all.at(-1 - (which % 3));
  if (known === undefined) return;
  const me = await ownerOf(site, known);
  await device.ask(async (storage) => {
    known.isCancelAsked = true;
    site.ledger.exports.said(await storage.exports.cancel(me, known.id));
  });
}
