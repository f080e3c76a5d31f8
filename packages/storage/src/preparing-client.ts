/** Uses after which a statement is worth keeping prepared. */
const WORTH_PREPARING = 10;
/** Statements that one connection keeps prepared; each takes memory of the server. */
const MOST_PREPARED = 100;
/** Texts whose uses are counted. Lists of many lengths make many texts, and are not worth it. */
const MOST_COUNTED = 1_000;

/** What PostgreSQL says where a prepared statement is not, or no longer, what it was. */
const RESULT_CHANGED = "0A000";
const POOLER_IN_BETWEEN: ReadonlySet<unknown> = new Set(["26000", "42P05"]);
const IDLE = "I";

/** The client of `pg`, as far as this needs it. */
interface PgClient {
  query(...given: unknown[]): unknown;
  getTransactionStatus?(): string | null;
}

/**
 * The `Client` of `pg` for a pool, `new Pool({ Client: preparing(Client) })`: statements that come again and again are prepared once
 * on each connection. PostgreSQL takes several times as long to plan a short one as to run it.
 *
 * A statement whose columns a migration changed is sent as it is and prepared anew. Where a pooler hands connections about and loses
 * what was prepared on them, nothing is prepared any more.
 */
export function preparing<Client extends new (...given: never[]) => PgClient>(Client: Client): Client {
  const statements = createStatements();
  // A mixin: TypeScript wants the constructor of the class that is extended to take anything.
  const Base = Client as unknown as new (...given: unknown[]) => PgClient;
  class PreparingClient extends Base {
    override query(...given: unknown[]): unknown {
      const [text, values, ...more] = given;
      const isPlain = typeof text === "string" && Array.isArray(values) && values.length > 0;
      const name = isPlain && more.length === 0 ? statements.nameOf(text) : undefined;
      if (name === undefined || !isPlain) return super.query(...given);
      return this.#queryPrepared(name, text, values);
    }

    async #queryPrepared(name: string, text: string, values: unknown[]): Promise<unknown> {
      try {
        return await super.query({ name, text, values });
      } catch (error) {
        if (!statements.isStale(text, error)) throw error;
        // In a transaction that has failed with it, nothing else can be asked.
        if (this.getTransactionStatus?.() !== IDLE) throw error;
        return await super.query(text, values);
      }
    }
  }
  return PreparingClient as unknown as Client;
}

/** Which texts are prepared, under which names. */
function createStatements() {
  const uses = new Map<string, number>();
  const names = new Map<string, string>();
  let made = 0;
  let isOff = false;

  return {
    nameOf: (text: string): string | undefined => {
      if (isOff) return undefined;
      const known = names.get(text);
      if (known !== undefined) return known;
      if (uses.size >= MOST_COUNTED) uses.clear();
      const count = (uses.get(text) ?? 0) + 1;
      uses.set(text, count);
      if (count < WORTH_PREPARING || made >= MOST_PREPARED) return undefined;
      uses.delete(text);
      made += 1;
      const name = `at_${made}`;
      names.set(text, name);
      return name;
    },
    /** Whether it was being prepared that failed; then it is not again, or under another name. */
    isStale: (text: string, error: unknown): boolean => {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (POOLER_IN_BETWEEN.has(code)) isOff = true;
      else if (code !== RESULT_CHANGED) return false;
      names.delete(text);
      return true;
    },
  };
}
