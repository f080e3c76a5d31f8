import { startCephGateway } from "@audiotricks/testing/ceph";
import { describeUploads } from "./describe-uploads.ts";

// What Spaces is made of.
describeUploads("Ceph RADOS Gateway", async () => {
  const { endpoint, region, accessKeyId, secretAccessKey, stop } = await startCephGateway();
  return { endpoint, region, accessKeyId, secretAccessKey, close: stop };
});
