import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { startServerProcess, temporaryDirectory } from "./server-process.ts";

// Starts a real process, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

it("says that it ends a connection on which it did not read a body that is too large", async () => {
  using directory = temporaryDirectory();
  await using server = await startServerProcess({ DATA_DIR: join(directory.path, "data") });
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  const body = 3_000_000;
  socket.write(
    `POST /v1/uploads HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${body}\r\n\r\n`,
  );
  socket.write("x".repeat(1000));
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer.toString().toLowerCase()).toContain("\r\nconnection: close\r\n");
});
