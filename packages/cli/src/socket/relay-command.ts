import type { Socket } from "node:net";
import { CliError } from "../cli-error.ts";
import type { Terminal } from "../command.ts";
import type { ExitCode } from "../exit-codes.ts";
import type { ServerConnection } from "./connect-server.ts";
import { piecesOf, sendFrame } from "./frame-stream.ts";
import { type ClientFrame, serverFrame } from "./frames.ts";

/**
 * Has the server run a command, and is its screen, files and stdin meanwhile.
 *
 * @throws {CliError} `server_gone` if it ended before the command did.
 */
export async function relayCommand(
  { socket, frames }: ServerConnection,
  args: string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const send = (frame: ClientFrame) => sendFrame(socket, frame);
  const interrupt = () => void send({ interrupt: true });
  let input: AsyncIterator<string> | undefined;
  try {
    await send({ run: { args, isTyped: terminal.isTyped, actor: terminal.actor } });
    if (terminal.interrupted.aborted) interrupt();
    terminal.interrupted.addEventListener("abort", interrupt, { once: true });
    // What is read is not waited for here: the command may end while somebody still types.
    for await (const value of frames) {
      const frame = serverFrame.parse(value);
      if ("write" in frame) await terminal.write(Buffer.from(frame.write, "base64"));
      else if ("say" in frame) terminal.say(Buffer.from(frame.say, "base64"));
      else if ("read" in frame) {
        input = isNamed(frame.read, args)
          ? readPieces(terminal, frame.read)[Symbol.asyncIterator]()
          : undefined;
        void sendNext(socket, input);
      } else if ("more" in frame) void sendNext(socket, input);
      else if ("exit" in frame) return frame.exit as ExitCode;
    }
  } catch (cause) {
    throw gone(cause);
  } finally {
    terminal.interrupted.removeEventListener("abort", interrupt);
    socket.destroy();
  }
  throw gone();
}

/** A server has no business with files that nobody named. */
function isNamed(file: string, args: string[]): boolean {
  return file === "-" || args.some((arg) => arg === file || arg.endsWith(`=${file}`));
}

async function* readPieces(terminal: Terminal, file: string): AsyncGenerator<string> {
  for await (const bytes of terminal.read(file)) yield* piecesOf(bytes);
}

async function sendNext(socket: Socket, input: AsyncIterator<string> | undefined): Promise<void> {
  let frame: ClientFrame = { unreadable: true };
  try {
    const next = await input?.next();
    if (next !== undefined) frame = next.done === true ? { end: true } : { data: next.value };
  } catch {
    // It says so itself, in the words that this command has for it.
  }
  await sendFrame(socket, frame);
}

function gone(cause?: unknown): CliError {
  return new CliError(
    "server_gone",
    "The server ended before the command did: look what was done, then repeat it.",
    { cause },
  );
}
