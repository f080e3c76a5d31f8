import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createEmptyDatabase } from "@audiotricks/testing/database";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/commands.ts";
import { runCommand, runJson } from "./run-command.ts";

const UUID = "11111111-2222-4333-8444-555555555555";

describe("audiotricks-storage", () => {
  it("lists all commands, and explains each", async () => {
    const { exitCode, stdout } = await runCommand([]);
    expect(exitCode).toBe(0);
    for (const { name, options } of COMMANDS) {
      expect(stdout).toContain(`  ${name}`);
      const help = await runCommand([...name.split(" "), "--help"]);
      expect(help).toMatchObject({ exitCode: 0, stderr: "" });
      expect(help.stdout).toContain(`Usage: audiotricks-storage ${name}`);
      expect(help.stdout).toContain("Ends with 0: done");
      const schema = await runCommand([...name.split(" "), "--help", "--json"]);
      expect(JSON.parse(schema.stdout)).toHaveProperty("$schema");
      // Nothing can be asked for that the help does not show.
      for (const option of Object.keys(options)) expect(help.stdout).toContain(`--${option}`);
    }
  });

  it("names what may follow a word that is not enough", async () => {
    for (const group of ["provider", "dead-letters"]) {
      const names = COMMANDS.map(({ name }) => name).filter((name) => name.startsWith(`${group} `));
      expect(await runCommand([group])).toEqual({
        exitCode: 64,
        stdout: "",
        stderr: `Say which: ${names.join(", ")}.\n`,
      });
    }
  });

  it.each([
    [["nonsense"]],
    [["provider"]],
    [["provider", "nonsense"]],
    [["usage", "--nonsense"]],
    [["usage", "word"]],
    [["provider", "disable", UUID, UUID]],
    [["provider", "list", "--json=maybe"]],
  ])("ends with 64 and a sentence for %j", async (args) => {
    const { exitCode, stdout, stderr } = await runCommand(args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" });
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it.each([
    [["provider", "add", "--secret", "hunter2hunter2"]],
    [["provider", "add", "--secret=hunter2hunter2"]],
    [["provider", "rotate", UUID, "--secret-access-key=hunter2hunter2"]],
    [["provider", "add", "--PASSWORD", "hunter2hunter2"]],
    [["provider", "add", "hunter2hunter2"]],
    [["provider", "add", "--key=hunter2hunter2"]],
  ])("never repeats a secret that came as an argument (%#)", async (args) => {
    const { exitCode, stdout, stderr } = await runCommand(args);
    expect(exitCode).toBe(64);
    expect(stdout + stderr).not.toContain("hunter2");
  });

  it("says what is wrong with settings, by name, and repeats none", async () => {
    const withUrl = (DATABASE_URL: string) => runCommand(["usage"], { env: { DATABASE_URL } });
    expect(await withUrl("mysql://user:hunter2@host/db")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "DATABASE_URL must be a URL such as postgres://user:password@host:5432/name.\n",
    });
    const unreachable = await withUrl("postgres://user:hunter2@127.0.0.1:9/db");
    expect(unreachable.stderr).toMatch(/^Cannot use the database: .*ECONNREFUSED.* Check DATABASE_URL/);
    expect(unreachable.stderr).not.toContain("hunter2");
    const key = await runCommand(["usage"], { env: { STORAGE_ENCRYPTION_KEY: "hunter2" } });
    expect(key.stderr).toMatch(/^STORAGE_ENCRYPTION_KEY must be 32 bytes/);
    const embedded = await runCommand(["usage", "--json"]);
    expect(JSON.parse(embedded.stderr)).toMatchObject({
      error: {
        code: "embedded_database",
        message: expect.stringMatching(
          /^DATABASE_URL is not set, and there is no embedded database in .*: set DATABASE_URL/,
        ),
      },
    });
  });

  it("takes settings from .env, and the environment's before those", async () => {
    const directory = await mkdtemp(join(tmpdir(), "at-cli-"));
    try {
      await using database = await createEmptyDatabase();
      await writeFile(join(directory, ".env"), `\ufeffDATABASE_URL=${database.url}\n`);
      const { applied } = await runJson<{ applied: string[] }>(["migrate"], { directory });
      expect(applied.length).toBeGreaterThan(9);
      const env = { DATABASE_URL: "postgres://127.0.0.1:9/db" };
      expect(await runCommand(["usage"], { directory, env })).toMatchObject({ exitCode: 1 });
      expect(await runCommand(["usage"], { directory, env: { DATABASE_URL: "  " } })).toMatchObject({
        exitCode: 0,
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("migrates once, however many ask, and refuses to work on a database that lacks migrations", async () => {
    await using database = await createEmptyDatabase();
    const env = { DATABASE_URL: database.url };
    expect(await runCommand(["provider", "list"], { env })).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^The database lacks \d+ migrations: run audiotricks-storage migrate/),
    });
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => runJson<{ applied: string[]; jobs: string }>(["migrate"], { env })),
    );
    const names = runs.flatMap(({ applied }) => applied);
    expect(names.length).toBe(new Set(names).size);
    expect(runs.every(({ jobs }) => jobs === "ready")).toBe(true);
    expect(await runJson(["migrate"], { env })).toEqual({ applied: [], newer: [], jobs: "ready" });
    expect((await runCommand(["provider", "list"], { env })).stdout).toContain("There is no provider yet");
  });

  it("is a program, whose exit code a shell sees", async () => {
    const program = join(import.meta.dirname, "../src/main.ts");
    const flags = ["--disable-warning=ExperimentalWarning", program];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, "--help"]);
    expect(stdout).toContain("Usage: audiotricks-storage COMMAND");
    await expect(promisify(execFile)(process.execPath, [...flags, "nonsense"])).rejects.toMatchObject({
      code: 64,
    });
  });

  it("ends quietly when nobody reads what it prints", async () => {
    const program = join(import.meta.dirname, "../src/main.ts");
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", program, "--help"]);
    child.stdout.destroy();
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    expect(await once(child, "close")).toEqual([0, null]);
    expect(said).toBe("");
  });
});
