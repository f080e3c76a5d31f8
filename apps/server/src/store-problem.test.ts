import { expect, it } from "vitest";
import { describeStoreProblem } from "./store-problem.ts";

const spaces = { endpoint: "https://fra1.digitaloceanspaces.com", bucket: "audio" };

it.each([
  [404, "NotFound", /no bucket audio at .*Set SPACES_BUCKET .*SPACES_PREPARE=true/],
  [403, "Unknown", /refuses the bucket audio .*SPACES_KEY and SPACES_SECRET/],
  [
    undefined,
    "ENOTFOUND",
    /fra1\.digitaloceanspaces\.com does not answer \(ENOTFOUND\)\. Check SPACES_ENDPOINT/,
  ],
  [301, "Unknown", /\(301\)\. Check SPACES_ENDPOINT and SPACES_REGION/],
])("names the setting and the mend for a store that answers %s", (status, code, sentence) => {
  expect(describeStoreProblem({ status, code }, spaces)).toMatch(sentence);
});
