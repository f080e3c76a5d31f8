import { expect } from "@playwright/test";
import type { Account } from "./account.ts";
import { type Audited, audit, type ExpectedFile } from "./audit.ts";

/** A limit for what hangs: a busy machine is slow, not wrong. */
const PATIENCE = { timeout: 60_000, intervals: [50, 100, 250] };

/** Bytes and files, as the database counts them. */
export interface Usage {
  usedBytes: number;
  usedFiles: number;
  reservedBytes: number;
}

const NOTHING: Usage = { usedBytes: 0, usedFiles: 0, reservedBytes: 0 };

/** What is so, whatever the page says: rows of the database and bytes at the store. Everything here waits for it. */
export class Truth {
  readonly #site: Audited & { query: NonNullable<Audited["query"]> };

  constructor(site: Audited & { query: NonNullable<Audited["query"]> }) {
    this.#site = site;
  }

  /**
   * These files are stored, each byte for byte, and nothing else: no other file, object, upload or reservation of anybody, and
   * all counters are the sums of what they count.
   */
  async holds(...files: ExpectedFile[]): Promise<void> {
    const wanted = files.map(({ name, size }) => ({ name, size, status: "stored" }));
    await expect
      .poll(() => this.rows(), { ...PATIENCE, message: "rows of the files that there are" })
      .toEqual(wanted.toSorted(byName));
    await audit(this.#site, files);
  }

  /** A row says that the file is stored, and the object it names has the file's SHA-256. Whatever else there is. */
  async stored(file: ExpectedFile): Promise<void> {
    const { query, store } = this.#site;
    const digests = async () => {
      const rows = await query<{ storage_path: string }>(
        "SELECT storage_path FROM file_storage WHERE original_filename = $1 AND file_size = $2 AND status = 'stored'",
        [file.name, file.size],
      );
      return await Promise.all(rows.map(({ storage_path }) => store.sha256(storage_path)));
    };
    await expect
      .poll(digests, { ...PATIENCE, message: `SHA-256 of ${file.name} as stored` })
      .toContain(file.sha256);
  }

  /** Name, size and state of every file that is not deleted, by name. */
  async rows(): Promise<{ name: string; size: number; status: string }[]> {
    const rows = await this.#site.query<{ name: string; size: number; status: string }>(
      "SELECT original_filename AS name, file_size AS size, status FROM file_storage WHERE status NOT IN ('deleted', 'failed')",
    );
    return rows.toSorted(byName);
  }

  /** What the user's own counter says. */
  async usage({ userId }: Account): Promise<Usage> {
    const [row] = await this.#site.query<Usage>(
      `SELECT used_bytes AS "usedBytes", used_files AS "usedFiles", reserved_bytes AS "reservedBytes"
       FROM storage_counters WHERE scope = 'user' AND scope_id = $1`,
      [userId],
    );
    return row ?? NOTHING;
  }

  /** The user's own counter says so; what is not named may be anything. */
  async usageIs(account: Account, usage: Partial<Usage>): Promise<void> {
    await expect.poll(() => this.usage(account), { ...PATIENCE, message: "usage" }).toMatchObject(usage);
  }

  /** The store has at least so many parts of uploads that are not complete. */
  async storedParts(atLeast: number): Promise<void> {
    await expect
      .poll(() => this.countParts(), { ...PATIENCE, message: "parts at the store" })
      .toBeGreaterThanOrEqual(atLeast);
  }

  async countParts(): Promise<number> {
    const { store } = this.#site;
    const counts = (await store.openUploads()).map(async (open) => (await store.parts(open)).size);
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }
}

function byName(a: { name: string; size: number }, b: { name: string; size: number }): number {
  return a.name === b.name ? a.size - b.size : a.name < b.name ? -1 : 1;
}
