import { type CephGateway, startCephGateway } from "@audiotricks/testing/ceph";
import { afterAll } from "vitest";
import { describeBatches } from "./describe-batches.ts";
import { describeReconcile } from "./describe-reconcile.ts";
import { describeS3Compat } from "./describe-s3-compat.ts";
import { describeUploads } from "./describe-uploads.ts";
import { describeVersions } from "./describe-versions.ts";
import type { TestStore } from "./test-storage.ts";

// What Spaces is made of; one gateway for all.
let gateway: Promise<CephGateway> | undefined;
afterAll(async () => (await gateway)?.stop());

async function openCeph(): Promise<TestStore & { close(): Promise<void> }> {
  gateway ??= startCephGateway();
  const { endpoint, region, accessKeyId, secretAccessKey } = await gateway;
  return { endpoint, region, accessKeyId, secretAccessKey, close: async () => undefined };
}

describeUploads("Ceph RADOS Gateway", openCeph);
describeBatches("Ceph RADOS Gateway", openCeph);
describeS3Compat("Ceph RADOS Gateway", openCeph);
describeVersions("Ceph RADOS Gateway", openCeph);
describeReconcile("Ceph RADOS Gateway", openCeph);
