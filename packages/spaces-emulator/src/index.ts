export type { Credentials } from "./signature.ts";
export {
  type EmulatorRequest,
  type SpacesEmulator,
  type SpacesEmulatorOptions,
  startSpacesEmulator,
} from "./start-spaces-emulator.ts";
