import type { Database } from "@audiotricks/storage";
import { createPgliteDatabase } from "@audiotricks/testing/database";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { createStoreOrigins } from "../src/store-origins.ts";

const own = {
  endpoint: "https://fra1.digitaloceanspaces.com",
  region: "fra1",
  bucket: "own",
  accessKeyId: "AK",
  secretAccessKey: "x",
};

it("tells pages of every bucket, as its row is written, and of all others where one row is no address", async () => {
  await using database = await createPgliteDatabase<Database>();
  const { db } = database;
  const add = (endpoint: string, bucket: string, cdn: string | null) =>
    sql`INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id,
      secret_access_key_encrypted, cdn_endpoint, cdn_enabled)
      VALUES ('s3', ${endpoint}, 'r', ${bucket}, 'AK', 'env:', ${cdn}, ${cdn !== null})`.execute(db);
  await add("ams3.digitaloceanspaces.com", "bare", "cdn.example.com");
  await add("https://s3.example.com", "broken", "no host");
  await add("https://nyc3.digitaloceanspaces.com", "whole", null);
  const failures: unknown[] = [];
  const origins = createStoreOrigins(db, own, (error) => failures.push(error));
  expect((await origins()).toSorted()).toEqual([
    "https://ams3.digitaloceanspaces.com",
    "https://bare.ams3.digitaloceanspaces.com",
    "https://cdn.example.com",
    "https://fra1.digitaloceanspaces.com",
    "https://nyc3.digitaloceanspaces.com",
    "https://own.fra1.digitaloceanspaces.com",
    "https://whole.nyc3.digitaloceanspaces.com",
  ]);
  expect(failures).toHaveLength(1);
});
