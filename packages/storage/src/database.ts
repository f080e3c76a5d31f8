export type { DB as Database } from "./database-schema.ts";
