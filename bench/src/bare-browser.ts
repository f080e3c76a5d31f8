import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CHROMIUM } from "@audiotricks/testing/chromium";

/** A page, as far as measuring needs it. */
export interface BarePage {
  open: (url: string) => Promise<void>;
  /** Runs a function in the page and waits for what it promises; both ways everything goes as JSON. */
  run: <Argument, Result>(
    work: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ) => Promise<Result>;
  /** Picks a file from the disk. */
  pick: (selector: string, path: string) => Promise<void>;
}

/**
 * A Chromium that is watched as little as one on a desk. Test drivers have the browser report every request with a copy of its
 * body, which costs some 80 ms for each MiB that is sent from memory: more than sending it.
 */
export async function inBareBrowser<Result>(work: (page: BarePage) => Promise<Result>): Promise<Result> {
  const profile = await mkdtemp(join(tmpdir(), "bare-browser-"));
  const browser = spawn(
    CHROMIUM.executablePath,
    [
      "--headless",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      ...CHROMIUM.args,
      "about:blank",
    ],
    { env: CHROMIUM.env, stdio: ["ignore", "ignore", "pipe"] },
  );
  const gone = once(browser, "exit");
  try {
    const socket = await connect(await endpointOf(browser.stderr));
    try {
      return await work(pageOf(socket));
    } finally {
      socket.close();
    }
  } finally {
    browser.kill();
    await gone;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function endpointOf(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(stderr)) {
    const [, host] = line.match(/listening on ws:\/\/([^/]+)/) ?? [];
    if (host === undefined) continue;
    // What it says later is not read, and must not fill the pipe.
    stderr.resume();
    return host;
  }
  throw new Error("Chromium did not start");
}

async function connect(host: string): Promise<WebSocket> {
  const answer = await fetch(`http://${host}/json`);
  const targets = (await answer.json()) as { type: string; webSocketDebuggerUrl: string }[];
  const url = targets.find(({ type }) => type === "page")?.webSocketDebuggerUrl;
  if (url === undefined) throw new Error("Chromium has no page");
  const socket = new WebSocket(url);
  await once(socket, "open");
  return socket;
}

interface Answer {
  id?: number;
  error?: { message: string };
  result?: unknown;
}

function pageOf(socket: WebSocket): BarePage {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, error, result } = JSON.parse(String(data)) as Answer;
    if (id === undefined) return;
    if (error === undefined) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(error.message));
    waiting.delete(id);
  });
  socket.addEventListener("close", () => {
    for (const { reject } of waiting.values()) reject(new Error("Chromium is gone"));
  });
  const call = async <Result>(method: string, params: object): Promise<Result> => {
    calls += 1;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(calls, answer);
    socket.send(JSON.stringify({ id: calls, method, params }));
    return (await answer.promise) as Result;
  };
  const run: BarePage["run"] = async <Argument, Result>(
    work: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ) => {
    const { result, exceptionDetails } = await call<{
      result: { value: Result };
      exceptionDetails?: { exception?: { description?: string } };
    }>("Runtime.evaluate", {
      expression: `(${work.toString()})(${JSON.stringify(argument)})`,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? "The page threw");
    return result.value;
  };
  return {
    open: async (url) => {
      await call("Page.navigate", { url });
      await run(
        () =>
          new Promise<void>((resolve) => {
            if (document.readyState === "complete") resolve();
            else addEventListener("load", () => resolve());
          }),
        null,
      );
    },
    run,
    pick: async (selector, path) => {
      const { root } = await call<{ root: { nodeId: number } }>("DOM.getDocument", {});
      const { nodeId } = await call<{ nodeId: number }>("DOM.querySelector", {
        nodeId: root.nodeId,
        selector,
      });
      await call("DOM.setFileInputFiles", { nodeId, files: [path] });
    },
  };
}
