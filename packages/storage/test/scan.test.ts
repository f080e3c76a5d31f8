import { describeScan } from "./describe-scan.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";

describeScan("the emulator", openEmulator);
describeScan("Ceph RADOS Gateway", cephOfThisFile());
