import { describeExports } from "./describe-exports.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";

describeExports("the emulator", openEmulator);
describeExports("the emulator and PGlite", openEmulator, { database: "pglite" });
describeExports("Ceph RADOS Gateway", cephOfThisFile());
