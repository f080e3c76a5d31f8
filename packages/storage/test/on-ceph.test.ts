import { describeBatches } from "./describe-batches.ts";
import { describeReconcile } from "./describe-reconcile.ts";
import { describeS3Compat } from "./describe-s3-compat.ts";
import { describeVersions } from "./describe-versions.ts";
import { cephOfThisFile } from "./open-ceph.ts";

const openCeph = cephOfThisFile();
describeBatches("Ceph RADOS Gateway", openCeph);
describeS3Compat("Ceph RADOS Gateway", openCeph);
describeVersions("Ceph RADOS Gateway", openCeph);
describeReconcile("Ceph RADOS Gateway", openCeph);
