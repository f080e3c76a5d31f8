import { once } from "node:events";
import { lstatSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { CliError } from "../cli-error.ts";
import { FrameError, readFrames } from "./frame-stream.ts";
import { PROTOCOL, serverFrame } from "./frames.ts";
import { canHaveSocket, socketPath } from "./socket-path.ts";

/** A server that runs commands, which has said so. */
export interface ServerConnection {
  socket: Socket;
  frames: AsyncGenerator<unknown>;
}

const HELLO_MS = 5_000;

/**
 * The server that has the data directory.
 *
 * @returns `"absent"` where there is none, `"busy"` where it has turned us away.
 * @throws {CliError} `embedded_database` if it is not this user's, or of another release.
 */
export async function connectServer(dataDir: string): Promise<ServerConnection | "absent" | "busy"> {
  const path = socketPath(dataDir);
  if (!canHaveSocket(path)) return "absent";
  const found = look(path);
  if (found === undefined || !found.isSocket()) return "absent";
  // Secrets go there: whoever else may open it, or has put it there, must not have them.
  const me = process.getuid?.() ?? 0;
  if ((me !== 0 && found.uid !== me) || (found.mode & 0o077) !== 0)
    throw refused(`${path} is not this user's alone: run this as the user that runs the server`);
  const socket = connect(path);
  socket.on("error", () => undefined);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(HELLO_MS) });
  } catch (error) {
    socket.destroy();
    // Nobody listens: the server was killed, or is ending at this moment.
    if (["ECONNREFUSED", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) return "absent";
    throw refused(`The server of ${dataDir} cannot be reached by ${path}`, error);
  }
  return await greet(socket, dataDir);
}

function look(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw refused(`${path} cannot be looked at: run this as the user that runs the server`, error);
  }
}

async function greet(socket: Socket, dataDir: string): Promise<ServerConnection | "busy"> {
  const frames = readFrames(socket);
  const silence = setTimeout(() => socket.destroy(), HELLO_MS);
  try {
    const { value, done } = await frames.next();
    if (done === true) return "busy";
    const frame = serverFrame.safeParse(value).data;
    if (frame !== undefined && "hello" in frame && frame.hello === PROTOCOL) return { socket, frames };
    socket.destroy();
    throw refused(`The server of ${dataDir} is of another release: use the command that came with it`);
  } catch (error) {
    socket.destroy();
    if (error instanceof CliError) throw error;
    if (error instanceof FrameError)
      throw refused(`What listens for commands in ${dataDir} is no server of ours`, error);
    return "busy";
  } finally {
    clearTimeout(silence);
  }
}

function refused(what: string, cause?: unknown): CliError {
  return new CliError("embedded_database", `${what}.`, { cause });
}
