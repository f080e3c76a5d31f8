import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { startServerProcess, temporaryDirectory } from "./server-process.ts";

// Starts a real process, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

it("answers whoever sends a body that is too large, and only then ends the connection", async () => {
  using directory = temporaryDirectory();
  await using server = await startServerProcess({ DATA_DIR: join(directory.path, "data") });
  const { hostname, port } = new URL(server.url);
  const open = async (headers: string): Promise<Socket> => {
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    socket.write(
      `POST /v1/uploads HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`,
    );
    return socket;
  };
  const bytes = 3_000_000;

  // Before the body has come: nobody has to send it in vain.
  const patient = await open(`Content-Length: ${bytes}`);
  patient.write("x".repeat(1000));
  const [answer] = (await once(patient, "data")) as [Buffer];
  patient.destroy();
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer.toString().toLowerCase()).toContain("\r\nconnection: close\r\n");

  // Those who look for an answer only once all is sent, as proxies may: a reset would have taken the answer away.
  const whole = ["x".repeat(bytes), `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n0\r\n\r\n`];
  for (let round = 0; round < 10; round++) {
    for (const [at, header] of [`Content-Length: ${bytes}`, "Transfer-Encoding: chunked"].entries()) {
      const socket = await open(header);
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.write(whole[at] ?? "", () => resolve());
      });
      const parts: Buffer[] = [];
      for await (const part of socket) parts.push(part as Buffer);
      const text = Buffer.concat(parts).toString();
      expect(text).toMatch(/^HTTP\/1\.1 413 /);
      expect(text).toContain('"body_too_large"');
    }
  }
});
