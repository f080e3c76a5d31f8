import { describeUploads } from "./describe-uploads.ts";
import { openEmulator } from "./open-emulator.ts";

describeUploads("the emulator", openEmulator);
