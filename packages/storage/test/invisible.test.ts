import { describeInvisible } from "./describe-invisible.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";

describeInvisible("the emulator", openEmulator, { keepsVersions: false });
describeInvisible("Ceph RADOS Gateway", cephOfThisFile(), { keepsVersions: true });
