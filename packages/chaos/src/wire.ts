import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Random } from "./random.ts";

export interface Wire extends AsyncDisposable {
  port: number;
  cuts: number;
  /** Cuts one of the connections, as a broken network does; says whether there was one. */
  cut(): boolean;
}

/** Leads to a TCP port, by connections that can be cut: also after COMMIT was sent and before its answer came. */
export async function startWire(port: number, random: Random): Promise<Wire> {
  const pairs = new Set<() => void>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const end = (): void => {
      pairs.delete(end);
      near.destroy();
      far.destroy();
    };
    pairs.add(end);
    for (const socket of [near, far] satisfies Socket[])
      socket.on("error", end).on("close", end).setNoDelay();
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const wire: Wire = {
    port: (server.address() as AddressInfo).port,
    cuts: 0,
    cut() {
      const open = [...pairs];
      if (open.length === 0) return false;
      random.pick(open)();
      wire.cuts++;
      return true;
    },
    async [Symbol.asyncDispose]() {
      for (const end of pairs) end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return wire;
}
