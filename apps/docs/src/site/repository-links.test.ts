import { describe, expect, it } from "vitest";
import { siteLink } from "./repository-links.ts";

const pages = new Map([
  ["docs/access.md", "access"],
  ["packages/react/README.md", "packages/react"],
]);

describe("siteLink", () => {
  it.each([
    ["access.md", "docs/operations.md", "/access"],
    ["../docs/access.md#rates", "packages/README.md", "/access#rates"],
    ["packages/react", "README.md", "/packages/react"],
    ["packages/react/", "README.md", "/packages/react"],
    ["../react/README.md", "packages/cli/README.md", "/packages/react"],
  ])("leads %s of %s to the page %s", (href, source, page) => {
    expect(siteLink(href, source, pages)).toEqual({ kind: "page", href: page });
  });

  it("names the file where there is no page", () => {
    expect(siteLink("../deploy/nginx/a.conf", "docs/operations.md", pages)).toEqual({
      kind: "file",
      path: "deploy/nginx/a.conf",
    });
  });

  it.each(["https://uppy.io", "mailto:a@example.com", "#further", "/errors"])(
    "leaves %s as it is",
    (href) => {
      expect(siteLink(href, "README.md", pages)).toEqual({ kind: "same" });
    },
  );
});
