import { type CephGateway, startCephGateway } from "@audiotricks/testing/ceph";
import { afterAll } from "vitest";
import type { TestStore } from "./test-storage.ts";

/** What Spaces is made of; one gateway for all tests of a file. */
export function cephOfThisFile(): () => Promise<TestStore & { close(): Promise<void> }> {
  let gateway: Promise<CephGateway> | undefined;
  afterAll(async () => (await gateway)?.stop());
  return async () => {
    gateway ??= startCephGateway();
    const { endpoint, region, accessKeyId, secretAccessKey } = await gateway;
    return { endpoint, region, accessKeyId, secretAccessKey, close: async () => undefined };
  };
}
