import { describeUploads } from "./describe-uploads.ts";
import { cephOfThisFile } from "./open-ceph.ts";

describeUploads("Ceph RADOS Gateway", cephOfThisFile());
