import { UppySpaces } from "@audiotricks/uppy-spaces";
import { Uppy } from "@uppy/core";
import type { Upload } from "../contender.ts";
import { uploadWith } from "../upload-with.ts";

export interface EngineSettings {
  companionUrl: string;
  token: string;
}

export function prepare(settings: Record<string, unknown>): Upload {
  // What `src/contenders/engine.ts` sends.
  const { companionUrl, token } = settings as unknown as EngineSettings;
  const uppy = new Uppy().use(UppySpaces, { companionUrl, getToken: () => token, warnBeforeLeaving: false });
  return uploadWith(uppy);
}
