import { createPgliteDatabase, createTestDatabase } from "@audiotricks/testing/database";
import type { Database } from "../src/index.ts";
import { describeAccess } from "./describe-access.ts";

describeAccess("PostgreSQL", () => createTestDatabase<Database>());
describeAccess("PGlite", () => createPgliteDatabase<Database>());
