import { startSpacesEmulator } from "../src/index.ts";

// A process of its own, so that tests can kill it and look at its memory.
const [dataDir = "", secretAccessKey = ""] = process.argv.slice(2);
const emulator = await startSpacesEmulator({
  port: 0,
  dataDir,
  credentials: [{ accessKeyId: "EMULATOR", secretAccessKey }],
});
process.stdout.write(`${emulator.endpoint}\n`);
