// What snippets take for granted: the host's own sign-in and ids, and the page's state.

import type { Principal, Storage } from "@audiotricks/storage";
import type { Locale, CompanionOptions as PageOptions } from "@audiotricks/upload-react";
import type { Uppy } from "@uppy/core";

declare global {
  const session: { accessToken: string };
  const workspaceId: string;
  const file: File;
  const storage: Storage;
  const findSession: (request: Request) => Promise<Principal | null>;
  const companion: PageOptions;
  const options: PageOptions;
  const uppy: Uppy;
  const myTable: Locale;
  interface Window {
    upload: { companionUrl: string; token: string };
  }
}
