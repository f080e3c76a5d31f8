import { describe, expect, it } from "vitest";
import { readSpacesProvider } from "./spaces-provider.ts";

const env = {
  SPACES_ENDPOINT: "https://nyc3.digitaloceanspaces.com/",
  SPACES_REGION: "nyc3",
  SPACES_BUCKET: "audio",
  SPACES_KEY: "AK",
  SPACES_SECRET: "SK",
};

describe("readSpacesProvider", () => {
  it("reads a whole set, with or without a scheme", () => {
    const expected = {
      endpoint: "https://nyc3.digitaloceanspaces.com",
      region: "nyc3",
      bucket: "audio",
      accessKeyId: "AK",
      secretAccessKey: "SK",
    };
    expect(readSpacesProvider(env)).toMatchObject(expected);
    expect(readSpacesProvider({ ...env, SPACES_ENDPOINT: "nyc3.digitaloceanspaces.com" })).toMatchObject(
      expected,
    );
    expect(readSpacesProvider({ ...env, SPACES_FORCE_PATH_STYLE: "true" })).toMatchObject({
      forcePathStyle: true,
    });
  });

  it("takes a second host name of the bucket on request, where there can be one", () => {
    const local = { ...env, SPACES_ENDPOINT: "http://localhost:9000", SPACES_TWO_HOSTS: "true" };
    expect(readSpacesProvider(local)?.twoHosts).toBe(true);
    expect(readSpacesProvider(env)?.twoHosts).toBeUndefined();
    for (const endpoint of ["http://127.0.0.1:9000", "http://[::1]:9000"]) {
      expect(() => readSpacesProvider({ ...local, SPACES_ENDPOINT: endpoint })).toThrow(
        /SPACES_TWO_HOSTS needs a host/,
      );
    }
  });

  it("is undefined when nothing is set", () => {
    expect(readSpacesProvider({ SPACES_KEY: "" })).toBeUndefined();
  });

  it.each([
    [{ ...env, SPACES_SECRET: undefined }, /SPACES_SECRET/],
    [{ ...env, SPACES_ENDPOINT: "not a url at all" }, /SPACES_ENDPOINT must be a URL/],
    [{ ...env, SPACES_ENDPOINT: "https://audio.nyc3.cdn.digitaloceanspaces.com" }, /origin, not the CDN/],
    [{ ...env, SPACES_ENDPOINT: "https://audio.nyc3.digitaloceanspaces.com" }, /leave audio\. away/],
    [{ ...env, SPACES_FORCE_PATH_STYLE: "yes" }, /SPACES_FORCE_PATH_STYLE must be true or false/],
  ])("names the setting and the mend (%#)", (settings, message) => {
    expect(() => readSpacesProvider(settings)).toThrow(message);
  });
});
