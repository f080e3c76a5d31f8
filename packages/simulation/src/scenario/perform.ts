import { Browser } from "../actors/browser.ts";
import { type Companion, startCompanion } from "../actors/companion.ts";
import { replay } from "../actors/deliverer.ts";
import { Device, type DeviceUpload, whateverComes } from "../actors/device.ts";
import { askForExport, cancelExport, lookAtExport, makeExports } from "../actors/exporter.ts";
import { dropGroup, lookAtLibrary, lowerGroup, sendGroup } from "../actors/grouper.ts";
import { deleteOwners, type Owner, openWorkspace, welcomeGuest } from "../actors/host.ts";
import { rotateKey, USERS } from "../site/furnish.ts";
import { SECRET_MARK, type Site } from "../site/site.ts";
import { createActor, runAs, running } from "../world/actor.ts";
import { type Random, randomOf } from "../world/random.ts";
import { DO_AT_PLACES, isPlaceDeed } from "./at-places.ts";
import type { Operation } from "./operation.ts";

const SIZES = [1_000, 5_000, 20_000, 6 * 1024 * 1024, 12 * 1024 * 1024 + 3, 24 * 1024 * 1024] as const;

const LONG_STALL_MS = 550_000;
/** Whoever has no network for longer closes the lid. */
const A_BREAK_MS = 600_000;

const NULLABLE_ONCE = [
  "multipart_uploads SET status",
  "file_storage SET status",
  "storage_providers SET is_primary",
] as const;

/** What a night may find in a world in which nobody touches rows or objects by hand. */
const MAY_BE_FOUND: readonly string[] = [
  "ended_object",
  "failed_with_object",
  "unknown_temporary",
  "provider_failed",
];

const COMMANDS = {
  "browser-pause": "pause",
  "browser-resume": "resume",
  "browser-retry": "retry",
  "browser-cancel": "cancel",
} as const;

function partNumbersOf({ session }: DeviceUpload): number[] {
  return Array.from({ length: session.partCount }, (_, index) => index + 1);
}

/** Everybody who acts on a site, and what each operation has them do. */
export class Cast {
  readonly #site: Site;
  readonly #people = createActor("people");
  readonly companions: Companion[] = [];
  readonly device: Device;
  readonly browsers: Browser[] = [];
  #keys = 1;

  constructor(site: Site) {
    this.#site = site;
    this.device = new Device(site, () => this.#server(running().random.below(1000)));
  }

  async enter(servers: number, name: string): Promise<void> {
    await this.as(name, async () => {
      for (let index = 0; index < servers; index++) {
        this.companions.push(await startCompanion(this.#site, `server ${index}`));
      }
      for (const userId of USERS) {
        const pick = (random: Random) => this.#server(random.below(1000));
        this.browsers.push(new Browser(this.#site, `browser of ${userId.slice(-1)}`, { userId }, pick));
      }
    });
  }

  as<T>(luck: string, run: () => T): T {
    return runAs({ actor: this.#people, random: randomOf(luck) }, run);
  }

  #server(which: number): Companion {
    return this.companions[which % this.companions.length] as Companion;
  }

  #upload(which: number): DeviceUpload | undefined {
    return running().random.chance(0.7)
      ? this.device.uploads.at(-1 - (which % 3))
      : this.device.uploads[which % Math.max(1, this.device.uploads.length)];
  }

  async perform({ do: deed, which, luck }: Operation): Promise<void> {
    const { random } = running();
    const { device } = this;
    const site = this.#site;
    const { world, faults, database } = site;
    const me = { userId: this.#user(which) };
    const upload = this.#upload(which);
    const browser = this.browsers[which % this.browsers.length] as Browser;
    site.operations++;
    site.deeds.set(deed, (site.deeds.get(deed) ?? 0) + 1);
    if (isPlaceDeed(deed)) {
      const stage = {
        site,
        device,
        server: (index: number) => this.#server(index),
        kill: (index: number, by: number) => this.#kill(index, by),
        stored: (index: number) => this.#stored(index),
      };
      return DO_AT_PLACES[deed](stage, { which, luck });
    }
    switch (deed) {
      case "create": {
        const size = SIZES[(which >> 4) % SIZES.length] ?? 1_000;
        // Of one who adds several files, all at once.
        const count = random.pick([1, 1, 1, 3]) ?? 1;
        await Promise.all(
          Array.from({ length: count }, (_, index) => this.#create(me, `take-${luck}-${index}`, size)),
        );
        return;
      }
      case "store":
        // From the first byte to the last, without looking left or right: what else happens needs files that are there.
        await this.#store(me, `${random.chance(0.15) ? "export" : "whole"}-${luck}`, which);
        return;
      case "huge-file": {
        const size = random.pick([150_000_000_000, 4_999_999_999_999, 7_000_000_000, 0]) ?? 0;
        const method = random.chance(0.3) ? ("put" as const) : undefined;
        const content = `huge-${luck}`;
        return device.create(me, { content, size, idempotencyKey: content, ...(method ? { method } : {}) });
      }
      case "send":
      case "send-one": {
        if (upload === undefined) return;
        const { partCount } = upload.session;
        if (partCount > 20) return;
        return device.send(upload, deed === "send" ? partNumbersOf(upload) : [1 + random.below(partCount)]);
      }
      case "sign": {
        if (upload === undefined) return;
        const partNumber = 1 + random.below(Math.min(20, upload.session.partCount));
        // What it has been told, as after each reload of a page; or what it makes up.
        const told = [...upload.etags].map(([number, etag]) => ({ partNumber: number, etag }));
        const finished = random.chance(0.3) ? [{ partNumber, etag: "0123456789abcdef" }] : told;
        for (let times = random.pick([1, 2]) ?? 1; times > 0; times--) {
          await device.sign(upload, [partNumber], finished);
        }
        return;
      }
      case "complete": {
        if (upload === undefined) return;
        const times = random.pick([1, 1, 2, 3]) ?? 1;
        await Promise.all(
          Array.from({ length: times }, (_, index) =>
            whateverComes(device.complete(upload, this.#server(which + index))),
          ),
        );
        return;
      }
      case "complete-many": {
        const mine = device.uploads.filter((one) => one.me.userId === me.userId && random.chance(0.6));
        if (mine.length > 0) await device.completeMany(me, mine);
        return;
      }
      case "cancel":
        if (upload !== undefined) await device.cancel(upload);
        return;
      case "get":
        if (upload !== undefined) {
          await device.ask((storage) => storage.uploads.get(upload.me, upload.session.sessionId));
          await device.ask((storage) => storage.quota(upload.me));
        }
        return;
      case "delete": {
        // Mostly what there is to delete.
        const mostly = random.chance(0.25) ? device.parents.at(-1) : this.#stored(which);
        const one = random.chance(0.7) ? (mostly ?? upload) : upload;
        if (one === undefined) return;
        return this.#delete(one);
      }
      case "sweep":
        await device.ask((storage) => storage.sweep());
        return;
      case "recount":
        return this.#recount();
      case "reconcile":
        return this.#reconcile();
      case "a-while":
        // The world's own business: it passes when this is awaited by nobody.
        this.whileMs = random.pick([60_000, 700_000, 4_000_000, 90_000_000]) ?? 0;
        for (const one of this.browsers) {
          if (this.whileMs > A_BREAK_MS && (!one.isOnline || random.chance(0.3))) one.sleep(this.whileMs);
        }
        return;
      case "kill":
        return this.#kill(which, luck);
      case "stall":
        faults.note("server-stalled");
        this.#stall(which, random.skewed(1_000, 1_300_000));
        return;
      case "jump-clock":
        faults.note("clock-jumped");
        this.#server(which).actor.wallOffsetMs =
          random.pick([0, 3_600_000, -3_600_000, 40_000, -86_400_000]) ?? 0;
        return;
      case "store-busy":
        faults.note("store-busy");
        (random.pick(site.buckets.all) ?? site).s3.busyUntil = world.now + random.skewed(500, 60_000);
        return;
      case "rotate-key": {
        const old = `key-${this.#keys++}`;
        await rotateKey(site, `key-${this.#keys}`);
        world.after(random.pick([20_000, 0]) ?? 0, () => site.s3.accessKeys.delete(old), world.wire);
        return;
      }
      case "change-limit": {
        const bytes = random.pick([null, 10_000_000, 30_000_000, 100_000_000]) ?? null;
        await database.alone("UPDATE storage_settings SET default_user_max_bytes = $1", [bytes]);
        return;
      }
      case "use-url-again": {
        const url = upload?.allUrls[which % Math.max(1, upload.allUrls.length)];
        if (upload === undefined || url === undefined) return;
        const { partSize, sessionId, method } = upload.session;
        // Who sends parts of two files into one open session gets what they sent.
        const mayDiffer = method === "put" || site.ledger.sessions.get(sessionId)?.completed != null;
        const content = mayDiffer && random.chance(0.5) ? `other-${luck}` : upload.content;
        const offset = (url.partNumber - 1) * partSize;
        await device.put(sessionId, url, { content, offset, size: url.size });
        return;
      }
      case "born-in-sql":
        return this.#hostSql("SELECT * FROM initiate_file_storage($1, $2, 'audio/wav', 'audio_file', $3)", [
          `born-${luck}.wav`,
          5_000,
          me.userId,
        ]);
      case "link-history": {
        const history = "11111111-0000-4000-8000-000000000000";
        await this.#hostSql(
          "INSERT INTO audio_history (id, title) VALUES ($1, 'a take') ON CONFLICT DO NOTHING",
          [history],
        );
        if (upload !== undefined) {
          await this.#hostSql("SELECT link_audio_history_to_storage($1, $2)", [
            history,
            upload.session.fileId,
          ]);
        }
        return;
      }
      case "file-expires": {
        if (upload === undefined) return;
        const { fileId } = upload.session;
        site.ledger.mayExpire.add(fileId);
        return this.#hostSql(
          "UPDATE file_storage SET expires_at = now() + interval '5 minutes' WHERE id = $1",
          [fileId],
        );
      }
      case "derive": {
        const parent = this.#stored(which) ?? (await this.#store(me, `whole-${luck}`, which));
        if (parent === undefined) return;
        const own = await this.#derive(parent, `made-${luck}`, which);
        if (own === undefined) return;
        // Before or after what is made of it is there.
        if (random.chance(0.3)) {
          const goes = () => void whateverComes(this.#delete(parent));
          world.after(random.skewed(1, 30_000), goes, world.wire);
        }
        if (random.chance(0.2)) return;
        await device.send(own, partNumbersOf(own));
        return device.complete(own, this.#server(which));
      }
      case "change-state": {
        const one = this.#stored(which) ?? upload;
        if (one === undefined) return;
        const state = random.pick(["processing", "processed", "quarantined", "archived"]) ?? "processing";
        // Refused while its bytes are not there, or once they are on their way out.
        return this.#hostSql("UPDATE file_storage SET status = $1 WHERE id = $2", [
          state,
          one.session.fileId,
        ]);
      }
      case "delete-user":
      case "delete-workspace":
        return this.#deleteOwners(deed, which);
      case "deliver": {
        const index = which % this.companions.length;
        if (random.chance(0.2))
          world.after(random.skewed(1, 2_000), () => void this.#kill(index, luck), world.wire);
        const rounds = random.pick([1, 1, 3, 6]) ?? 1;
        return this.#deliver(
          this.#server(index),
          rounds,
          random.chance(0.2) ? random.skewed(1, 5_000) : undefined,
        );
      }
      case "send-group":
        return sendGroup(site, device, me, luck, () => this.anyServer());
      case "lower-group":
      case "drop-group": {
        const group = [...site.ledger.groups.byId.values()].at(-1 - (which % 3));
        if (group === undefined) return;
        if (deed === "drop-group") return dropGroup(site, device, group);
        await lowerGroup(site, device, group, 1 + random.below(3));
        return;
      }
      case "look-at-library":
        return lookAtLibrary(site, device);
      case "ask-for-export":
        return askForExport(site, device, me, luck);
      case "make-exports": {
        const index = which % this.companions.length;
        const endsAfterMs = random.chance(0.5) ? random.skewed(1, 90_000) : undefined;
        const isKilled = endsAfterMs !== undefined && random.chance(0.7);
        if (isKilled) world.after(endsAfterMs, () => void this.#kill(index, luck), world.wire);
        const rounds = random.pick([1, 5, 60]) ?? 1;
        return makeExports(site, this.#server(index), rounds, isKilled ? undefined : endsAfterMs);
      }
      case "look-at-export":
        return lookAtExport(site, device, which);
      case "cancel-export":
        return cancelExport(site, device, which);
      case "receiver-down":
        faults.note(deed);
        site.receiver.downUntil = world.now + random.skewed(1_000, 7_200_000);
        return;
      case "replay":
        return replay(site, this.#server(which));
      case "write-secret":
        return this.#hostSql("UPDATE storage_providers SET secret_access_key_encrypted = $1 WHERE id = $2", [
          `${SECRET_MARK}-in-plain-text`,
          site.buckets.all[0].providerId,
        ]);
      case "write-null":
        return this.#hostSql(`UPDATE ${random.pick(NULLABLE_ONCE)} = NULL`, []);
      case "browser-add":
        return browser.add(`file-${luck}`, SIZES[(which >> 4) % SIZES.length] ?? 1_000);
      case "browser-pause":
      case "browser-resume":
      case "browser-retry":
      case "browser-cancel": {
        const name = browser.files.at(-1 - ((which >> 2) % 3));
        if (name !== undefined) browser.command(COMMANDS[deed], name);
        return;
      }
      case "browser-crash":
      case "browser-close":
        faults.note(deed);
        return browser.reload(deed === "browser-crash" ? "crash" : "close");
      case "browser-offline":
        faults.note(deed);
        return browser.setOnline(false);
      case "browser-online":
        return browser.setOnline(true);
      default:
        deed satisfies never;
    }
  }

  whileMs = 0;

  /** Whoever hears nothing asks again, with the same key; and sometimes also when they were heard. */
  async #create(me: { userId: string }, content: string, size: number): Promise<void> {
    const { random } = running();
    const workspaceId = random.chance(0.35) ? random.pick(this.#site.owners.workspaces) : undefined;
    const wishes = {
      content,
      size,
      idempotencyKey: `key of ${content}`,
      ...(workspaceId === undefined ? {} : { workspaceId }),
      ...(random.chance(0.15) ? { method: "multipart" as const } : {}),
    };
    for (let tries = 0; tries < 3; tries++) {
      const isHeard = await this.device.create(me, wishes).then(
        () => true,
        () => false,
      );
      if (isHeard && !random.chance(0.1)) return;
    }
  }

  /** A guest every third time: they are deleted, and others are not. */
  #user(which: number): string {
    const { guests } = this.#site.owners;
    return (which % 3 === 2 ? guests[(which >> 3) % guests.length] : USERS[which % 2]) ?? USERS[0];
  }

  #stored(which: number): DeviceUpload | undefined {
    const { ledger } = this.#site;
    const stored = this.device.uploads.filter(
      ({ session }) => ledger.sessions.get(session.sessionId)?.completed,
    );
    return stored[which % Math.max(1, stored.length)];
  }

  async #delete({ me, session: { fileId, sessionId } }: DeviceUpload): Promise<void> {
    const known = this.#site.ledger.sessions.get(sessionId);
    const remove = () =>
      this.device.ask((storage) => {
        if (known !== undefined) known.isDeleteAsked = true;
        return storage.files.delete(me, fileId);
      });
    // One who clicks twice.
    const times = running().random.pick([1, 2]) ?? 1;
    await Promise.all(Array.from({ length: times }, () => whateverComes(remove())));
  }

  async #kill(which: number, luck: number): Promise<void> {
    const index = which % this.companions.length;
    this.#site.faults.note("server-killed");
    await this.#site.world.kill(this.#server(index).actor);
    this.companions[index] = await startCompanion(this.#site, `server ${index}, again ${luck}`);
  }

  /** Others come in their place, so that there is always somebody to go. */
  async #deleteOwners(deed: "delete-user" | "delete-workspace", which: number): Promise<void> {
    const site = this.#site;
    const { random } = running();
    const { guests, workspaces } = site.owners;
    const gone: Owner[] = [];
    const [user] = guests.splice(which % guests.length, 1);
    const isBoth = random.chance(0.2);
    if (deed === "delete-workspace" || isBoth) {
      const [id] = workspaces.splice(which % workspaces.length, 1);
      if (id !== undefined) gone.push({ table: "workspaces", id });
    }
    if (user !== undefined && (deed === "delete-user" || isBoth)) gone.push({ table: "users", id: user });
    else if (user !== undefined) guests.push(user);
    const others = gone.map(({ table }) => (table === "users" ? welcomeGuest(site) : openWorkspace(site)));
    // One who clicks twice.
    const times = random.pick([1, 1, 2]) ?? 1;
    await Promise.all([...others, ...Array.from({ length: times }, () => deleteOwners(site, gone))]);
  }

  anyServer(): Companion {
    return this.#server(running().random.below(1000));
  }

  /** As after whatever makes people start everything anew. */
  async restartAll(): Promise<void> {
    for (const index of this.companions.keys()) await this.#kill(index, index);
  }

  /** @param stopsAfterMs When the server is told to shut down. */
  async #deliver({ actor, deliver }: Companion, rounds: number, stopsAfterMs?: number): Promise<void> {
    const { random } = running();
    const controller = new AbortController();
    await runAs({ actor, random }, async () => {
      if (stopsAfterMs !== undefined) this.#site.world.after(stopsAfterMs, () => controller.abort());
      for (let round = 0; round < rounds && !controller.signal.aborted; round++) {
        if (round > 0) await this.#site.world.sleep(random.skewed(1_000, 90_000));
        await deliver(controller.signal);
      }
    });
  }

  /** By any server, until nothing is due. */
  deliverAll(): Promise<void> {
    return this.#deliver(this.#server(running().random.below(1000)), 1);
  }

  async #store(me: { userId: string }, content: string, which: number): Promise<DeviceUpload | undefined> {
    const { device } = this;
    await this.#create(me, content, SIZES[(which >> 4) % SIZES.length] ?? 1_000);
    const own = device.uploads.find((one) => one.content === content);
    if (own === undefined) return undefined;
    await device.send(own, partNumbersOf(own));
    await device.complete(own, this.#server(which));
    return own;
  }

  /** A service that hears nothing asks again, with the same key. */
  async #derive(parent: DeviceUpload, content: string, which: number): Promise<DeviceUpload | undefined> {
    const category = running().random.pick(["processed", "chunk"] as const) ?? "chunk";
    const wishes = { content, category, size: SIZES[(which >> 4) % SIZES.length] ?? 1_000 };
    for (let tries = 0; tries < 3; tries++) {
      await whateverComes(this.device.derive(parent, wishes));
      const own = this.device.uploads.find((one) => one.content === content);
      if (own !== undefined) return own;
    }
    return undefined;
  }

  async #recount(): Promise<void> {
    const { mismatches } = await this.device.ask((storage) => storage.upkeep.recountUsage());
    for (const mismatch of mismatches) this.#site.wrong(`4: the recount finds ${JSON.stringify(mismatch)}`);
  }

  async #reconcile(): Promise<void> {
    const onFinding = (finding: { kind: string }) => {
      if (!MAY_BE_FOUND.includes(finding.kind)) this.#site.wrong(`5: ${JSON.stringify(finding)} is found`);
    };
    await this.device.ask((storage) => storage.upkeep.reconcile({ onFinding }));
  }

  #stall(which: number, ms: number): void {
    const { world, buckets } = this.#site;
    this.#server(which).actor.stalledUntil = world.now + ms;
    // Who sleeps for longer than the store's limit between the note and the call comes when nobody expects it.
    if (ms <= LONG_STALL_MS) return;
    for (const { store } of buckets.all) store.mayMeetCompletes = true;
  }

  /** Another service of AudioTricks, in SQL. What it is told is its own matter; what it is told must not be secret. */
  async #hostSql(sql: string, parameters: readonly unknown[]): Promise<void> {
    const { database, said } = this.#site;
    try {
      await database.alone(sql, parameters);
    } catch (error) {
      // What they said themselves they know.
      said.push(
        JSON.stringify({ message: String(error), ...(error as object), query: undefined, params: undefined }),
      );
    }
  }
}
