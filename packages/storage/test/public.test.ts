import { describePublic } from "./describe-public.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";

describePublic("the emulator", openEmulator);
describePublic("Ceph RADOS Gateway", cephOfThisFile());
