import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Link, LinkProfile } from "./link.ts";

/** What one connection may have on the wire: about what a browser's socket buffers allow. */
const MOST_ON_WIRE = 4 * 1024 * 1024;

/**
 * A wire in user space, for where the kernel's cannot be had: every connection through a relay that holds bytes back. It knows
 * delay and rate; it knows nothing of packets, so nothing is lost, no window has to grow and no queue overflows.
 */
export async function relayLink(ports: readonly number[]): Promise<Link> {
  let profile: LinkProfile | null = null;
  let sentBytes = 0;
  const sockets = new Set<Socket>();
  const freeAt = { up: 0, down: 0 };

  /** When the last of so many bytes leaves the wire. */
  const arrival = (direction: "up" | "down", bytes: number): number => {
    if (profile === null) return 0;
    const start = Math.max(performance.now(), freeAt[direction]);
    freeAt[direction] = start + (bytes * 8000) / profile.bitsPerSecond;
    return freeAt[direction] + profile.delayMs;
  };
  const pump = async (from: Socket, to: Socket, direction: "up" | "down"): Promise<void> => {
    let onWire = 0;
    let last = Promise.resolve();
    for await (const bytes of from as AsyncIterable<Buffer>) {
      const at = arrival(direction, bytes.length);
      onWire += bytes.length;
      last = last.then(async () => {
        await delay(Math.max(0, at - performance.now()));
        onWire -= bytes.length;
        if (direction === "up") sentBytes += bytes.length;
        if (!to.destroyed && !to.write(bytes)) await once(to, "drain").catch(() => undefined);
      });
      if (onWire > MOST_ON_WIRE) await last;
    }
    await last;
    to.end();
  };

  const open = async (port: number): Promise<{ server: Server; rule: string }> => {
    const server = createServer({ allowHalfOpen: true }, (near) => {
      const far = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
      const endBoth = () => {
        near.destroy();
        far.destroy();
      };
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.setNoDelay(true);
        socket.on("error", endBoth);
        socket.on("close", () => sockets.delete(socket));
      }
      Promise.all([pump(near, far, "up"), pump(far, near, "down")]).catch(endBoth);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // An address of a server that listens on a port.
    const { port: relayPort } = server.address() as AddressInfo;
    return { server, rule: `MAP 127.0.0.1:${port} 127.0.0.1:${relayPort}` };
  };

  const relays = await Promise.all(ports.map(open));
  return {
    description: "a relay in user space: delay and rate, no loss",
    set(next) {
      profile = next;
      sentBytes = 0;
      freeAt.up = freeAt.down = 0;
      return Promise.resolve();
    },
    launchOptions: (options) =>
      profile === null
        ? options
        : {
            ...options,
            args: [
              ...(options.args ?? []),
              `--host-resolver-rules=${relays.map(({ rule }) => rule).join(",")}`,
            ],
          },
    sentBytes: () => Promise.resolve(profile === null ? null : sentBytes),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(relays.map(({ server }) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
