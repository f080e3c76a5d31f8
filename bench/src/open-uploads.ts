import type { Stack } from "@audiotricks/e2e/stack";
import { Api } from "./api.ts";
import { residentMiB } from "./resident-memory.ts";

/** Memory of the companion in MiB: idle, and with so many uploads open and all their parts signed. Linux only. */
export async function memoryWithOpenUploads(
  stack: Stack,
  count: number,
  size: number,
): Promise<{ idle: number; open: number }> {
  // Afresh, so that nothing of what was measured before is counted. With room for all of them, and some more: what an
  // upload before had reserved is given back a moment after it was ended.
  await stack.server.restart({ DEFAULT_USER_QUOTA_BYTES: String((count + 4) * size) });
  const pid = stack.server.pid;
  const idle = await residentMiB(pid);
  const api = await Api.signIn(stack.server.url);
  const sessions = await api.createUploads(Array.from({ length: count }, () => size));
  let open = 0;
  for (const session of sessions) {
    await api.signAll(session);
    open = Math.max(open, await residentMiB(pid));
  }
  for (const { sessionId } of sessions) await api.cancel(sessionId);
  return { idle, open };
}
