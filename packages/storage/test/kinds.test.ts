import { describeKinds } from "./describe-kinds.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";

describeKinds("the emulator", openEmulator);
describeKinds("Ceph RADOS Gateway", cephOfThisFile());
