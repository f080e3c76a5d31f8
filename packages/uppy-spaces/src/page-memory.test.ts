import { describe, expect, it } from "vitest";
import { MEMORY_PREFIX, openPageMemory } from "./page-memory.ts";

function storageOf(values: Map<string, string>): Storage {
  return {
    get length() {
      return values.size;
    },
    key: (index) => [...values.keys()][index] ?? null,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    clear: () => values.clear(),
  };
}

describe("openPageMemory", () => {
  it("keeps what is ours across pages, and leaves alone what is not", () => {
    const values = new Map([["theirs", "x"]]);
    const memory = openPageMemory(storageOf(values));
    memory.write(`${MEMORY_PREFIX}a`, "1");
    memory.write(`${MEMORY_PREFIX}b`, "2");
    memory.write(`${MEMORY_PREFIX}b`, null);
    expect(openPageMemory(storageOf(values)).entries()).toEqual([[`${MEMORY_PREFIX}a`, "1"]]);
    expect(values.get("theirs")).toBe("x");
  });

  it("tells other engines of the page what one wrote, and not that one", () => {
    const heard: string[] = [];
    const storage = storageOf(new Map());
    const [one, other] = [openPageMemory(storage), openPageMemory(storage)];
    const stop = one.subscribe((key, value) => heard.push(`one ${key} ${value}`));
    const stopOther = other.subscribe((key, value) => heard.push(`other ${key} ${value}`));
    one.write("k", "v");
    other.write("k", null);
    stop();
    other.write("k", "again");
    stopOther();
    expect(heard).toEqual(["other k v", "one k null"]);
  });

  it("remembers nothing, and throws nothing, where storage is full or forbidden", () => {
    const refuse = () => {
      throw new DOMException("no", "SecurityError");
    };
    const forbidden = {
      get length(): number {
        return refuse();
      },
      setItem: refuse,
      removeItem: refuse,
    } as unknown as Storage;
    for (const memory of [openPageMemory(forbidden), openPageMemory(null)]) {
      memory.write("k", "v");
      memory.write("k", null);
      expect(memory.entries()).toEqual([]);
    }
  });
});
