import type { Socket } from "node:net";
import type { Terminal } from "../command.ts";
import type { ExitCode } from "../exit-codes.ts";
import { piecesOf, readFrames, sendFrame } from "./frame-stream.ts";
import { firstFrame, type Input, laterFrame, PROTOCOL, type ServerFrame } from "./frames.ts";

/** Whoever is connected longer without saying what they want is in others' way. */
const FIRST_FRAME_MS = 5_000;
/** The same of whoever does not go when all is said. */
const LAST_FRAME_MS = 5_000;

export type RunCommand = (args: string[], terminal: Terminal) => Promise<ExitCode>;

/**
 * One command of one client. Ends the connection at the first thing that is no frame; a client that goes away interrupts its
 * command, as one that asks for it does.
 *
 * @param stop Interrupts it as well.
 */
export async function serveConnection(socket: Socket, run: RunCommand, stop: AbortSignal): Promise<void> {
  const gone = new AbortController();
  // What breaks is seen by the close that follows.
  socket.on("error", () => undefined);
  socket.once("close", () => gone.abort());
  const lateness = setTimeout(() => socket.destroy(), FIRST_FRAME_MS);
  const frames = readFrames(socket);
  try {
    await sendFrame(socket, { hello: PROTOCOL } satisfies ServerFrame);
    const first = firstFrame.safeParse((await frames.next()).value);
    if (!first.success) return;
    clearTimeout(lateness);
    const { args, isTyped, actor } = first.data.run;
    const interrupted = AbortSignal.any([gone.signal, stop]);
    const answers = createAnswers(interrupted);
    const reading = takeFrames(frames, answers, gone);
    const terminal = remoteTerminal(socket, { isTyped, actor, answers, interrupted });
    const code = await run(args, terminal);
    await sendFrame(socket, { exit: code } satisfies ServerFrame);
    socket.end();
    setTimeout(() => socket.destroy(), LAST_FRAME_MS).unref();
    await reading;
  } catch {
    // No frames, or nobody there any more: neither is anything to say to anybody.
  } finally {
    clearTimeout(lateness);
    socket.destroy();
  }
}

/** After the first: answers to what was asked, and the wish to end. Anything else ends the connection. */
async function takeFrames(
  frames: AsyncGenerator<unknown>,
  answers: Answers,
  gone: AbortController,
): Promise<void> {
  try {
    for await (const value of frames) {
      const frame = laterFrame.parse(value);
      if ("interrupt" in frame) gone.abort();
      else if (!answers.give(frame)) return;
    }
  } catch {
    // As if it had gone away.
  } finally {
    gone.abort();
  }
}

interface Answers {
  next(): Promise<Input>;
  /** Whether somebody waited for it: a client that sends more than it is asked for fills no memory. */
  give(input: Input): boolean;
}

function createAnswers(interrupted: AbortSignal): Answers {
  let waiting: PromiseWithResolvers<Input> | undefined;
  interrupted.addEventListener("abort", () => waiting?.reject(new Error("interrupted")));
  return {
    next: async () => {
      interrupted.throwIfAborted();
      waiting = Promise.withResolvers();
      return await waiting.promise;
    },
    give: (input) => {
      if (waiting === undefined) return false;
      waiting.resolve(input);
      waiting = undefined;
      return true;
    },
  };
}

/** What is asked of the client's side is: its files, its stdin, its screen. Settings are the server's. */
function remoteTerminal(
  socket: Socket,
  {
    isTyped,
    actor,
    answers,
    interrupted,
  }: Pick<Terminal, "isTyped" | "actor" | "interrupted"> & { answers: Answers },
): Terminal {
  const send = async (name: "write" | "say", text: string | Uint8Array) => {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    // All at once, so that nothing that is sent later comes between.
    await Promise.all(Array.from(piecesOf(bytes), (piece) => sendFrame(socket, { [name]: piece })));
  };
  return {
    env: {},
    actor,
    directory: "",
    isTyped,
    interrupted,
    now: () => new Date(),
    write: (text) => send("write", text),
    say: (text) => void send("say", text),
    read: async function* (file) {
      await sendFrame(socket, { read: file } satisfies ServerFrame);
      for (;;) {
        const input = await answers.next();
        if ("end" in input) return;
        if ("unreadable" in input) throw new Error("the client cannot read it");
        yield Buffer.from(input.data, "base64");
        await sendFrame(socket, { more: true } satisfies ServerFrame);
      }
    },
  };
}
