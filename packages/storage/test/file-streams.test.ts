import { describeFileStreams } from "./describe-file-streams.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";

describeFileStreams("the emulator", openEmulator);
describeFileStreams("Ceph RADOS Gateway", cephOfThisFile());
