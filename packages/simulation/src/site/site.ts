import { randomBytes } from "node:crypto";
import type { StorageSettings } from "@audiotricks/storage";
import { DatabaseServer } from "../database/database-server.ts";
import { Receiver } from "../receiver/receiver.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { createRequestHandler, type RequestHandler } from "../store/request-handler.ts";
import type { S3Server } from "../store/s3-server.ts";
import type { Climate } from "../world/climate.ts";
import { Faults } from "../world/faults.ts";
import { World } from "../world/world.ts";
import { Buckets } from "./buckets.ts";
import { Ledger } from "./ledger.ts";
import { Owners } from "./owners.ts";
import type { SharedDatabase } from "./shared-database.ts";

/** Of every secret access key here; nothing that is written down or said may contain it. */
export const SECRET_MARK = "simulated-secret";
export const PART_SIZE = 5 * 1024 * 1024;

export interface SiteOptions {
  climate: Climate;
  honoursCopyCondition: boolean;
  settings: Partial<StorageSettings>;
}

/** Everything that the servers of one deployment share, and what is known of it from the outside. */
export class Site {
  readonly world = new World();
  readonly faults: Faults;
  readonly buckets: Buckets;
  /** Of the primary bucket. */
  readonly store: ObjectStore;
  readonly s3: S3Server;
  readonly database: DatabaseServer;
  readonly requestHandler: RequestHandler;
  readonly ledger = new Ledger();
  readonly owners = new Owners();
  readonly receiver: Receiver;
  readonly settings: Partial<StorageSettings>;
  readonly encryptionKey: string;
  /** Everything that was thrown or reported, as text. */
  readonly said: string[] = [];
  /** Calls to the companion, PUTs of browsers and what people did. */
  operations = 0;
  /** What people and machines did, by how often. */
  readonly deeds = new Map<string, number>();

  constructor(shared: SharedDatabase, options: SiteOptions) {
    this.faults = new Faults(options.climate);
    this.buckets = new Buckets(this.world, this.faults, options);
    const [{ store, s3 }] = this.buckets.all;
    this.store = store;
    this.s3 = s3;
    this.database = new DatabaseServer(this.world, this.faults, shared.statements);
    this.receiver = new Receiver(this.world, this.faults);
    this.requestHandler = createRequestHandler(this.world, this.faults, this.buckets);
    this.settings = options.settings;
    this.encryptionKey = KEY;
  }

  /** What nobody may ever find. */
  readonly wrongs: string[] = [];
  wrong(what: string): void {
    this.wrongs.push(what);
  }
}

const KEY = randomBytes(32).toString("base64");
