import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";
import type { DatabaseServer, DatabaseSession } from "./database-server.ts";

/** Kysely on a simulated connection. */
export function simulatedDialect(server: DatabaseServer): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new SimulatedDriver(server),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

class SimulatedConnection implements DatabaseConnection {
  readonly session: DatabaseSession;

  constructor(session: DatabaseSession) {
    this.session = session;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, affectedRows } = await this.session.execute(sql, parameters);
    return {
      rows: rows as Row[],
      ...(affectedRows === undefined ? {} : { numAffectedRows: BigInt(affectedRows) }),
    };
  }

  streamQuery(): AsyncIterableIterator<never> {
    throw new Error("Nothing is streamed here.");
  }
}

class SimulatedDriver implements Driver {
  readonly #server: DatabaseServer;

  constructor(server: DatabaseServer) {
    this.#server = server;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SimulatedConnection> {
    return new SimulatedConnection(this.#server.connect());
  }
  async beginTransaction({ session }: SimulatedConnection): Promise<void> {
    await session.execute("BEGIN");
  }
  async commitTransaction({ session }: SimulatedConnection): Promise<void> {
    await session.execute("COMMIT");
  }
  async rollbackTransaction({ session }: SimulatedConnection): Promise<void> {
    await session.execute("ROLLBACK");
  }
  async releaseConnection({ session }: SimulatedConnection): Promise<void> {
    await session.end();
  }
  async destroy(): Promise<void> {}
}
