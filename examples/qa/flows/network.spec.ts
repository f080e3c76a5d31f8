import { expect, test } from "@audiotricks/testing/playwright";

const MiB = 1024 * 1024;

test("the network is cut at half of the file, and the upload goes on by itself", { tag: "@smoke" }, async ({
  uploads,
  files,
  network,
  truth,
}) => {
  const file = await files.audio({ size: 40 * MiB });
  const cut = network.cutAt(file, 0.5);
  await uploads.drop(file);
  await cut;
  await uploads.reaches(file.name, "waiting");
  network.mend();
  await uploads.reaches(file.name, "done");
  await truth.holds(file);
});

test("what is dropped offline waits, and begins when the network is there", async ({
  uploads,
  context,
  files,
  truth,
}) => {
  const file = await files.audio({ size: 12 * MiB });
  await context.setOffline(true);
  await uploads.drop(file);
  await uploads.reaches(file.name, "waiting");
  expect(uploads.partsBegun).toEqual([]);
  await context.setOffline(false);
  await uploads.reaches(file.name, "done");
  await truth.holds(file);
});

test("over a slow line the bar only ever grows, and the record says what was slow", async ({
  uploads,
  files,
  network,
  truth,
}) => {
  const file = await files.audio({ size: 12 * MiB });
  network.throttle(4 * MiB);
  await uploads.watchProgress(file.name);
  await uploads.drop(file);
  await uploads.reaches(file.name, "done");
  const seen = await uploads.seenProgress();
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  const { phases } = await uploads.flightRecord(file.name);
  expect((phases.network ?? 0) + (phases.store ?? 0)).toBeGreaterThan(1000);
  await truth.holds(file);
});
