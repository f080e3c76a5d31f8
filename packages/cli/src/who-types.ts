import { hostname, userInfo } from "node:os";

const MAX_LENGTH = 290;

/** The operating system's user and machine, `alice@host`, or `alice as root@host` by sudo. As true as the machine is. */
export function whoTypes(env: Readonly<Record<string, string | undefined>>): string {
  const user = nameOfUser();
  const who = env.SUDO_USER && env.SUDO_USER !== user ? `${env.SUDO_USER} as ${user}` : user;
  return `${who}@${hostname()}`.replaceAll(/\p{Cc}/gu, "?").slice(0, MAX_LENGTH);
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have a number alone.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
