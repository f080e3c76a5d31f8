import { rotateProvider } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { readSecret } from "../read-secret.ts";
import { requireKeyring } from "../require-keyring.ts";

export const providerRotate: Command = {
  name: "provider rotate",
  synopsis: "ID --access-key-id ID [--secret-file FILE]",
  summary:
    "Puts a new key in the place of a bucket's, after it was tried there. Uploads go on; the old key must live until the time that is printed.",
  options: { "access-key-id": { type: "string" }, "secret-file": { type: "string" } },
  takesId: true,
  changes: (words) => ({ action: "rotateProvider", resourceId: words.id() }),
  run: async ({ db, settings, terminal, by }, words) => {
    const id = words.id();
    const accessKeyId = words.required("access-key-id");
    const [encryptionKey] = requireKeyring(settings);
    const { allowInternalEndpoints } = settings;
    const secretAccessKey = await readSecret(terminal, words.text("secret-file"));
    const rotated = await rotateProvider(
      db,
      id,
      { accessKeyId, secretAccessKey },
      { encryptionKey, allowInternalEndpoints, by },
    );
    return {
      json: { id, accessKeyId, ...rotated },
      text: `Key ${accessKeyId} is in use. Delete ${rotated.oldAccessKeyId} at the vendor after ${rotated.retireOldKeyAfter.toISOString()}, not before: URLs that it signed live until then.`,
    };
  },
};
