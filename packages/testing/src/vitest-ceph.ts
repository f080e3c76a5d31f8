import { startCephGateway } from "./ceph.ts";

/** Vitest's global setup: one Ceph gateway for the run, told to the tests by the environment. */
export default async function setup(): Promise<() => Promise<void>> {
  const gateway = await startCephGateway();
  process.env.TEST_CEPH = JSON.stringify({
    endpoint: gateway.endpoint,
    region: gateway.region,
    accessKeyId: gateway.accessKeyId,
    secretAccessKey: gateway.secretAccessKey,
    other: gateway.other,
  });
  return () => gateway.stop();
}
