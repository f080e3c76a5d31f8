import { z } from "zod";

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3100),
  /** The same as the storage server's. */
  WEBHOOK_SECRET: z.string().min(1),
  /** The storage server, and one of its `SERVICE_TOKEN`s. */
  STORAGE_URL: z.url(),
  SERVICE_TOKEN: z.string().min(32),
  DATABASE_URL: z.string().min(1),
  /** Of one piece. */
  CHUNK_SECONDS: z.coerce.number().positive().default(60),
});
export type Settings = z.infer<typeof schema>;

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  // Which, and what for; never what it was.
  throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n"));
}
