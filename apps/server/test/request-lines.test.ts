import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { startServerProcess, usedDirectory } from "./server-process.ts";

// Starts a real process, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

interface Line {
  level: string;
  time: string;
  msg: string;
  requestId?: string;
  route?: string;
  status?: number;
  durationMs?: number;
  job?: string;
  jobId?: string;
}

it("writes one line a request, by which an answer is found again, and lines of a job by its run", async () => {
  using directory = await usedDirectory();
  await using server = await startServerProcess({
    DATA_DIR: join(directory.path, "data"),
    LOG_LEVEL: "debug",
  });
  const lines = () =>
    server
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Line);
  const { token } = await server.signIn("alpha");
  const given = "3f2a0c9e5b7d4e61";
  const first = await server.fetch("/v1/files", { token, headers: { "x-request-id": given } });
  expect(first.headers.get("x-request-id")).toBe(given);
  const secret = "A".repeat(43);
  const second = await server.fetch(`/s/${secret}?X-Amz-Signature=abc`, {
    headers: { "x-request-id": '","level":"fatal' },
  });
  const made = second.headers.get("x-request-id") ?? "";
  expect(made).toMatch(/^[\w-]{8,}$/);
  await server.fetch("/healthz");

  await expect.poll(() => lines().filter(({ route }) => route === "/healthz")).toHaveLength(1);
  const requests = lines().filter(({ msg }) => msg === "request");
  const ofId = (id: string) => requests.filter(({ requestId }) => requestId === id);
  expect(ofId(given)).toEqual([
    expect.objectContaining({ level: "info", method: "GET", route: "/v1/files", status: 200 }),
  ]);
  expect(ofId(made)).toEqual([
    expect.objectContaining({ level: "info", route: "/s/:token", status: second.status }),
  ]);
  expect(ofId(given)[0]?.durationMs).toBeGreaterThan(0);
  expect(requests.filter(({ route }) => route === "/healthz").map(({ level }) => level)).toEqual(["debug"]);
  expect(requests.every(({ requestId }) => requestId !== undefined)).toBe(true);

  await expect
    .poll(() => lines().filter(({ job }) => job === "sweep").length, { timeout: 60_000 })
    .not.toBe(0);
  for (const line of lines().filter(({ job }) => job !== undefined))
    expect(line.jobId).toMatch(/^[\w-]{36}$/);
  for (const word of [token, secret, "X-Amz-Signature=abc"]) expect(server.output()).not.toContain(word);
});
