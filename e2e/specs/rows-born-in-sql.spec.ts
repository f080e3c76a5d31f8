import { Account } from "@audiotricks/testing/account";
import { generateWav, MiB } from "../harness/audio-files.ts";
import { expect, test } from "../harness/test.ts";

for (const [what, size] of [
  ["in parts", 25 * MiB],
  ["whole", 2 * MiB],
] as const) {
  test(`an upload begun by INSERT INTO audio_uploads is finished in the browser, ${what}`, async ({
    uploads,
    stack,
    folder,
    expectStored,
  }) => {
    const { query } = stack;
    if (query === undefined) throw new Error("this test needs a database server");
    const file = await generateWav(folder, "from another service.wav", size);
    const alpha = await Account.signIn(stack.server.url, "alpha");
    const [inserted] = await query<{ id: string; file_storage_id: string; multipart_session_id: string }>(
      `INSERT INTO audio_uploads (user_id, workspace_id, original_filename, file_size, mime_type)
       VALUES ($1, $2, $3, $4, 'audio/wav') RETURNING *`,
      [alpha.userId, alpha.workspaces[0]?.id, file.name, file.size],
    );
    expect(await alpha.openSessions()).toMatchObject([{ sessionId: inserted?.multipart_session_id }]);

    await uploads.signIn("alpha");
    await expect(uploads.unfinished.getByRole("listitem", { name: file.name })).toBeVisible();
    await uploads.pick(file.path);
    await uploads.reaches(file.name, "done");
    await expect(uploads.unfinished).toHaveCount(0);

    // It is that very row that is stored now, and not another one beside it.
    const files = await alpha.files();
    expect(files).toMatchObject([{ id: inserted?.file_storage_id, state: "stored" }]);
    expectStored(file);
  });
}
