import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DirectoryLockedError, lockDirectory } from "./directory-lock.ts";
import { processIdentity } from "./process-identity.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lock-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const locks = () => readdirSync(directory).filter((name) => name.startsWith("lock."));
function leave(holder: object, generation = 1): void {
  const dead = { pid: 2 ** 30, identity: "none", host: hostname(), released: false };
  writeFileSync(join(directory, `lock.${generation}`), JSON.stringify({ ...dead, ...holder }));
}

describe("lockDirectory", () => {
  it("refuses while it is held, naming the process and the mend, and can be had again after", () => {
    const lock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(DirectoryLockedError);
    expect(() => lockDirectory(directory)).toThrow(
      `${directory} is in use by process ${process.pid}. Stop that one (kill ${process.pid}), or set DATA_DIR to another directory.`,
    );
    lock.release();
    lockDirectory(directory).release();
    expect(locks()).toEqual(["lock.2"]);
  });

  it("takes over from a process that is gone", () => {
    leave({});
    lockDirectory(directory);
    expect(locks()).toEqual(["lock.2"]);
  });

  it("takes over from a process whose number another one has now", () => {
    leave({ pid: process.pid, identity: "another boot/1" });
    lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(DirectoryLockedError);
  });

  it("does not judge a process of another machine", () => {
    leave({ host: "elsewhere" }, 7);
    expect(() => lockDirectory(directory)).toThrow(/on elsewhere.*delete .*lock\.7/);
  });

  it.each(["", "{", "null", '{"pid":"x"}'])("takes over a lock cut short: %j", (content) => {
    writeFileSync(join(directory, "lock.3"), content);
    lockDirectory(directory);
    expect(locks()).toEqual(["lock.4"]);
  });
});

describe("processIdentity", () => {
  it("is the same for a living process and none for a dead one", () => {
    expect(processIdentity(process.pid)).toBe(processIdentity(process.pid));
    expect(processIdentity(process.ppid)).not.toBe(processIdentity(process.pid));
    expect(processIdentity(2 ** 30)).toBeUndefined();
  });
});
