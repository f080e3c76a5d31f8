import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { freePort } from "@audiotricks/testing/free-port";
import { expect, test } from "@audiotricks/testing/playwright";

/** Their page, which their own server serves. */
const PORT = await freePort();
const server = createServer((_request, response) => {
  response.setHeader("content-type", "text/html").end("<!doctype html><title>Their page</title>");
});
test.beforeAll(async () => {
  await once(server.listen(PORT, "127.0.0.1"), "listening");
});
test.afterAll(() => void server.close());

test.use({
  pageUnderTest: {
    origins: [`http://127.0.0.1:${PORT}`],
    open: async ({ page }) => void (await page.goto(`http://127.0.0.1:${PORT}`)),
    isReady: ({ page }) => expect(page).toHaveTitle("Their page"),
  },
});

test("a page of another origin uploads with the token and the companion that it is given", async ({
  uploads,
  alpha,
  files,
  site,
  truth,
}) => {
  const file = await files.audio({ size: 100_000 });
  const { name, size } = file;
  const base64 = await readFile(file.path, "base64");
  const statuses = await uploads.page.evaluate(uploadByFetch, {
    companionUrl: site.companionLane.url,
    token: alpha.token,
    file: { clientId: "1", name, size, type: "audio/wav" },
    base64,
  });
  expect(statuses).toEqual([200, 200, 200]);
  await truth.holds(file);
});

interface Task {
  companionUrl: string;
  token: string;
  file: { clientId: string; name: string; size: number; type: string };
  base64: string;
}

/** In the page: what the widget asks for, in three requests. */
async function uploadByFetch({ companionUrl, token, file, base64 }: Task): Promise<number[]> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const post = (path: string, body: object) =>
    fetch(companionUrl + path, { method: "POST", headers, body: JSON.stringify(body) });
  const created = await post("/v1/uploads", { files: [file] });
  const [{ session }] = (await created.json()).results;
  const [{ url, headers: signed }] = session.urls;
  const body = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const put = await fetch(url, { method: "PUT", headers: signed, body });
  const completed = await post(`/v1/uploads/${session.sessionId}/complete`, {});
  return [created.status, put.status, completed.status];
}
