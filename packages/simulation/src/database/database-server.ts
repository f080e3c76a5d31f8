import { type Actor, DATABASE, runAs, running } from "../world/actor.ts";
import type { Faults } from "../world/faults.ts";
import { randomOf } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { Mutex } from "./mutex.ts";
import type { PreparedStatements, Rows } from "./prepared-statements.ts";

/**
 * PGlite as a server that is reached over a network. It has one session, so transactions come one after the other, as
 * they do where it is embedded; that they are also right side by side is shown on PostgreSQL, elsewhere.
 */
export class DatabaseServer {
  readonly #world: World;
  readonly #faults: Faults;
  readonly #statements: PreparedStatements;
  readonly #turns = new Mutex();
  statements = 0;
  /** Called at every commit that has changed anything, before another transaction begins. */
  afterCommit: () => Promise<void> = () => Promise.resolve();

  constructor(world: World, faults: Faults, statements: PreparedStatements) {
    this.#world = world;
    this.#faults = faults;
    this.#statements = statements;
  }

  connect(): DatabaseSession {
    return new DatabaseSession(this, this.#world, this.#faults, running().actor);
  }

  takeTurn(): Promise<void> {
    return this.#turns.take();
  }

  endTurn(): void {
    this.#turns.release();
  }

  /** One statement of somebody whose connection never fails. */
  async alone(sql: string, parameters: readonly unknown[] = []): Promise<void> {
    await this.takeTurn();
    try {
      await this.run(sql, parameters);
      await this.afterCommit();
    } finally {
      this.endTurn();
    }
  }

  /** Something of nobody's, between two transactions. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.takeTurn();
    try {
      return await work();
    } finally {
      this.endTurn();
    }
  }

  /** By the database's own clock, whoever asks. */
  run(sql: string, parameters: readonly unknown[] = []): Promise<Rows> {
    this.statements++;
    return runAs({ actor: DATABASE, random: randomOf("database") }, () =>
      this.#statements.run(sql, parameters),
    );
  }
}

/** One connection of one process. */
export class DatabaseSession {
  readonly #server: DatabaseServer;
  readonly #world: World;
  readonly #faults: Faults;
  readonly #actor: Actor;
  #isInTransaction = false;
  #isUnderWay = false;
  #isCut = false;
  readonly #forget: () => void;

  constructor(server: DatabaseServer, world: World, faults: Faults, actor: Actor) {
    this.#server = server;
    this.#world = world;
    this.#faults = faults;
    this.#actor = actor;
    this.#forget = world.onDeath(actor, () => (this.#isUnderWay ? undefined : this.#rollBack()));
  }

  async execute(sql: string, parameters: readonly unknown[] = []): Promise<Rows> {
    const { random } = running();
    if (this.#isCut) throw cut();
    this.#isUnderWay = true;
    await this.#world.sleep(random.between(0.2, 20), this.#world.wire);
    if (this.#faults.strike("database-cut-before")) return this.#cutOff();

    const isCommit = sql === "COMMIT";
    if (!this.#isInTransaction) await this.#server.takeTurn();
    let result: Rows | undefined;
    let failure: unknown;
    try {
      result = await this.#server.run(sql, parameters);
      if (sql === "BEGIN") this.#isInTransaction = true;
    } catch (error) {
      failure = error;
    }
    if (isCommit || sql === "ROLLBACK") this.#isInTransaction = false;
    if (!this.#isInTransaction) {
      if (failure === undefined && (isCommit || isWrite(sql, result))) await this.#server.afterCommit();
      this.#server.endTurn();
    }

    const fate = isCommit ? "database-cut-after-commit" : "database-cut-after";
    if (this.#faults.strike(fate)) return this.#cutOff();
    // One who is stalled in the middle of a transaction would hold up everybody here, which PostgreSQL does not do.
    await this.#world.sleep(random.skewed(0.2, 30), this.#isInTransaction ? this.#world.wire : this.#actor);
    this.#isUnderWay = false;
    if (this.#actor.isDead) {
      await this.#rollBack();
      return NEVER;
    }
    if (failure !== undefined) throw failure;
    return result as Rows;
  }

  /** The driver gives it back. */
  async end(): Promise<void> {
    this.#forget();
    await this.#rollBack();
  }

  async #cutOff(): Promise<never> {
    this.#isCut = true;
    this.#isUnderWay = false;
    await this.#rollBack();
    await this.#world.sleep(1, this.#actor);
    throw cut();
  }

  async #rollBack(): Promise<void> {
    if (!this.#isInTransaction) return;
    this.#isInTransaction = false;
    await this.#server.run("ROLLBACK");
    this.#server.endTurn();
  }
}

const NEVER = new Promise<never>(() => {});

function cut(): Error {
  return Object.assign(new Error("Connection terminated unexpectedly"), { code: "ECONNRESET" });
}

/** Of leases alone: thousands of them are renewed and let go, and no promise is about them. */
const LEASE_ONLY =
  /^update "(?:multipart_uploads|storage_exports)" set (?:"(?:lease_token|lease_expires_at)" = (?:\$\d+|now\(\)[^,]*)(?:, )?)+ where /;

/** Of deliveries: what was told to whom the receiver knows, and the next look at rows sees it. */
const DELIVERY = /^\s*update "?outbox_events/i;

/** Whether a statement by itself has changed anything. The log of operations is nobody's promise. */
function isWrite(sql: string, result: Rows | undefined): boolean {
  if (
    result === undefined ||
    sql.includes('"spaces_operations"') ||
    LEASE_ONLY.test(sql) ||
    DELIVERY.test(sql)
  )
    return false;
  if (/^\s*select/i.test(sql)) return /cleanup_expired_files|reserve_uploads/.test(sql);
  return (result.affectedRows ?? 0) > 0 || result.rows.length > 0;
}
