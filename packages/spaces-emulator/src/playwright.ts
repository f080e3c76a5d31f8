import type { Fixtures } from "@playwright/test";
import { connectFaults, type FaultAddress } from "./faults/connect-faults.ts";
import { FaultError } from "./faults/fault-error.ts";
import type { Faults } from "./faults/faults.ts";

export interface FaultTestFixtures {
  /** Healed, with an empty log, when the test begins; healed when it ends. A test that fails has the log attached. */
  faults: Faults;
  /** What `probability` goes by. */
  faultSeed: number;
}

export interface FaultWorkerFixtures {
  /** The emulator that the tests of a worker are about. Workers that share one strike each other's requests. */
  faultAddress: FaultAddress | undefined;
}

/** For `test.extend`. */
export const faultFixtures: Fixtures<FaultTestFixtures, FaultWorkerFixtures> = {
  faultAddress: [undefined, { scope: "worker", option: true }],
  faultSeed: [1, { option: true }],
  faults: async ({ faultAddress, faultSeed }, use, testInfo) => {
    if (faultAddress === undefined)
      throw new FaultError(
        "not_open",
        "faultAddress is not set: where is the emulator, and what is its token?",
      );
    const faults = connectFaults(faultAddress);
    await faults.restart(faultSeed);
    await use(faults);
    if (testInfo.status !== testInfo.expectedStatus) {
      const lines = (await faults.log()).map((entry) => JSON.stringify(entry));
      // Playwright prints text.
      await testInfo.attach("faults", { body: lines.join("\n"), contentType: "text/plain" });
    }
    await faults.heal();
  },
};
