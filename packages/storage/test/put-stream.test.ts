import { describePutStream } from "./describe-put-stream.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";

describePutStream("the emulator", openEmulator);
describePutStream("Ceph RADOS Gateway", cephOfThisFile());
