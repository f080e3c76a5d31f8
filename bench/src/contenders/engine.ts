import { Api } from "../api.ts";
import { totalBytes } from "../workload.ts";
import type { Contender } from "./contender.ts";

/** Ours, with the companion in a process of its own. */
export const engine: Contender = {
  name: "engine",
  title: "@audiotricks/uppy-spaces",
  isOneLane: false,
  open({ stack }) {
    const { url } = stack.server;
    return Promise.resolve({
      origin: new URL(url).origin,
      settings: async () => ({ companionUrl: url, token: (await Api.signIn(url)).token }),
      async finish(workload) {
        const api = await Api.signIn(url);
        const files = await api.deleteAll();
        const bytes = files.reduce((sum, { size }) => sum + size, 0);
        if (files.length !== workload.count || bytes !== totalBytes(workload)) {
          throw new Error(`The companion has ${files.length} files of ${bytes} bytes.`);
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};
