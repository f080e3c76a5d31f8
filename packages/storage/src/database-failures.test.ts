import { UploadError } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { nameDatabaseFailures } from "./database-failures.ts";

const coded = (code: string) => Object.assign(new Error("made up"), { code });
const failing = (error: unknown) =>
  nameDatabaseFailures({ deep: { call: () => Promise.reject(error) } }).deep.call();

describe("nameDatabaseFailures", () => {
  it.each([
    coded("ECONNREFUSED"),
    coded("08006"),
    coded("53300"),
    coded("57P01"),
    new Error("Connection terminated unexpectedly"),
    new Error("timeout exceeded when trying to connect"),
    new Error("Client has encountered a connection error and is not queryable"),
    new AggregateError([coded("ECONNREFUSED")]),
  ])("says that the database is away (%#)", async (error) => {
    await expect(failing(error)).rejects.toMatchObject({ code: "database_unavailable", cause: error });
  });

  it.each(["40P01", "40001"])("says that it is busy, and when to come again (%s)", async (code) => {
    await expect(failing(coded(code))).rejects.toMatchObject({
      code: "database_unavailable",
      details: { retryAfterMs: 1_000 },
    });
  });

  it.each([
    coded("23505"),
    new Error("a mistake of ours"),
    new UploadError("file_empty", "The file is empty."),
  ])("leaves other failures as they are (%#)", async (error) => {
    await expect(failing(error)).rejects.toBe(error);
  });

  it("passes arguments and results", async () => {
    const api = nameDatabaseFailures({ add: async (a: number, b: number) => a + b });
    expect(await api.add(1, 2)).toBe(3);
  });
});
