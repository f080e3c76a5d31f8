import { expect, it } from "vitest";
import { isOurKey, sessionOfTemporaryKey } from "./object-key.ts";

const ID = "0b8f2d4e-1c3a-4a5b-8c7d-9e0f1a2b3c4d";

it.each([
  `audio/uploads/2026/11/${ID}.wav`,
  `audio/processed/2026/01/${ID}.mp3`,
  `audio/waveforms/2026/11/${ID}.dat`,
  `exports/bulk/2026/12/${ID}.zip`,
  `static/avatars/${ID}.png`,
  `backups/database/${ID}.dump`,
])("knows %s as a key of a file", (key) => {
  expect(isOurKey(key)).toBe(true);
});

it.each([
  "",
  "holiday.jpg",
  `audio/uploads/2026/13/${ID}.wav`,
  `audio/uploads/2026/11/${ID}`,
  `audio/uploads/2026/11/${ID}.wav/more`,
  `other/audio/uploads/2026/11/${ID}.wav`,
  `audio/uploads/2026/11/${ID.toUpperCase()}.wav`,
  `static/avatars/2026/11/${ID}.png`,
  `temp/uploads/${ID}`,
])("does not take %j for one", (key) => {
  expect(isOurKey(key)).toBe(false);
});

it("finds the session of a temporary object", () => {
  expect(sessionOfTemporaryKey(`temp/uploads/${ID}`)).toBe(ID);
  expect(sessionOfTemporaryKey(`temp/uploads/${ID}.part`)).toBeUndefined();
  expect(sessionOfTemporaryKey(`temp/other/${ID}`)).toBeUndefined();
});
