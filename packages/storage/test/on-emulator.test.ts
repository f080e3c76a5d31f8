import { describeBatches } from "./describe-batches.ts";
import { describeS3Compat } from "./describe-s3-compat.ts";
import { describeUploads } from "./describe-uploads.ts";
import { openEmulator } from "./open-emulator.ts";

describeUploads("the emulator", openEmulator);
describeBatches("the emulator", openEmulator);
describeS3Compat("the emulator", openEmulator);
