import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

test("sends parts to both host names of the bucket", async ({ uploads, page, folder, expectStored }) => {
  const file = await generateWav(folder, "choir.wav", 60 * MiB);
  const hosts = new Map<string, number>();
  page.on("request", (request) => {
    if (request.method() !== "PUT") return;
    const { hostname } = new URL(request.url());
    hosts.set(hostname, (hosts.get(hostname) ?? 0) + 1);
  });
  await uploads.signIn("alpha");
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  expect(Object.fromEntries(hosts)).toEqual({ localhost: 6, "e2e.localhost": 6 });
  expectStored(file);
});

test("goes on by one host name where the other is blocked", async ({
  uploads,
  page,
  folder,
  expectStored,
}) => {
  const file = await generateWav(folder, "behind-a-proxy.wav", 60 * MiB);
  let blocked = 0;
  await page.route(
    ({ hostname }) => hostname === "e2e.localhost",
    (route) => {
      blocked += 1;
      return route.abort("connectionrefused");
    },
  );
  await uploads.signIn("alpha");
  await uploads.pick(file.path);
  await uploads.reaches(file.name, "done");
  expect(blocked).toBeGreaterThan(0);
  // Known to be out of reach after the first few.
  expect(blocked).toBeLessThanOrEqual(12);
  expectStored(file);
});
