import { expect, it } from "vitest";
import type { Query } from "./ask-admin.ts";
import { readCsv } from "./save-csv.ts";

it("has all pages in one file, the names of columns once", async () => {
  const asked: Query[] = [];
  const pages = ["a,b\r\n1,2\r\n", "a,b\r\n3,4\r\n", "a,b\r\n"];
  const csv = await readCsv(
    async (_path, query) => {
      asked.push(query);
      const next = asked.length < 3 ? `<?user=x%26y&format=csv&cursor=${asked.length}>; rel="next"` : null;
      return new Response(pages[asked.length - 1], { headers: next === null ? {} : { link: next } });
    },
    "audit",
    { user: "x&y" },
  );
  expect(csv).toBe("a,b\r\n1,2\r\n3,4\r\n");
  expect(asked).toEqual([
    { user: "x&y", format: "csv" },
    { user: "x&y", format: "csv", cursor: "1" },
    { user: "x&y", format: "csv", cursor: "2" },
  ]);
});

it("gives up in words where it does not end", async () => {
  const endless = async () => new Response("a\r\n1\r\n", { headers: { link: '<?cursor=1>; rel="next"' } });
  await expect(readCsv(endless, "audit", {})).rejects.toThrow("too much for one file");
});
