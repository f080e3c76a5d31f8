import { UploadError } from "@audiotricks/protocol";
import {
  createStorage,
  type Database,
  openProviders,
  type Storage,
  type StorageOptions,
} from "@audiotricks/storage";
import { Kysely } from "kysely";
import { simulatedDialect } from "../database/simulated-dialect.ts";
import type { Site } from "../site/site.ts";
import { type Actor, createActor, runAs, running } from "../world/actor.ts";
import { createDeliverer } from "./deliverer.ts";

/** A server process: the real storage, on simulated connections. */
export interface Companion {
  actor: Actor;
  storage: Storage;
  db: Kysely<Database>;
  /** One round; ends with whatever is due, or with `signal`. */
  deliver: (signal?: AbortSignal) => Promise<void>;
}

export async function startCompanion(site: Site, name: string): Promise<Companion> {
  const actor = createActor(name);
  const { random } = running();
  return runAs({ actor, random }, async () => {
    const db = new Kysely<Database>({ dialect: simulatedDialect(site.database) });
    const providers = await openProviders({
      db,
      encryptionKey: site.encryptionKey,
      allowInternalEndpoints: true,
    });
    const storage = createStorage({
      db,
      providers,
      requestHandler: site.requestHandler as NonNullable<StorageOptions["requestHandler"]>,
      settings: site.settings,
      onError: (error) => note(site, error),
    });
    return { actor, storage, db, deliver: createDeliverer(site, db) };
  });
}

const TIMEOUT_MS = 60_000;

/** One request to a server, by whoever runs. Rejects with `UploadError`, as the companion's client does. */
export async function ask<T>(
  site: Site,
  { actor, storage }: Companion,
  work: (storage: Storage) => Promise<T>,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const { world, faults } = site;
  const { random } = running();
  site.operations++;
  await world.sleep(random.skewed(1, 300));
  if (actor.isDead || faults.strike("call-lost")) throw unreachable();
  const { promise: gone, reject: give } = Promise.withResolvers<never>();
  gone.catch(() => {});
  const forget = world.onDeath(actor, () => give(unreachable()));
  const stopWaiting = world.after(timeoutMs, () => give(unreachable()));
  const answer = runAs({ actor, random }, async () => {
    await world.sleep(0);
    try {
      return await work(storage);
    } catch (error) {
      if (!(error instanceof UploadError))
        site.wrong(`a call threw what is no UploadError: ${describe(error)}`);
      note(site, error);
      throw error;
    }
  });
  const outcome = await Promise.race([answer, gone]).then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error;
    },
  );
  answer.catch(() => {});
  forget();
  stopWaiting();
  await world.sleep(random.skewed(1, 300));
  if (faults.strike("answer-lost")) throw unreachable();
  return outcome();
}

export function unreachable(): UploadError {
  return new UploadError("internal", "The server cannot be reached.", { details: { reason: "unreachable" } });
}

function note(site: Site, error: unknown): void {
  site.said.push(describe(error));
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const more = JSON.stringify(error, Object.getOwnPropertyNames(error));
  return error.cause === undefined ? more : `${more} ${describe(error.cause)}`;
}
