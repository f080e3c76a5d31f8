import { describe, expect, it } from "vitest";
import { PAGES, routeOf, withQuery } from "./operator-route.ts";

const ID = "0a1b2c3d-0000-4000-8000-00000000000f";

describe("the operator's addresses", () => {
  it.each(PAGES)("leads $path to $page, also with a slash at its end", ({ page, path }) => {
    expect(routeOf(path)).toEqual({ page });
    expect(routeOf(`${path}/`)).toEqual({ page });
  });

  it("leads to one upload by an id alone", () => {
    expect(routeOf(`/operator/uploads/${ID.toUpperCase()}`)).toEqual({ page: "upload", id: ID });
    for (const wrong of ["", "x", `${ID}/parts`, `${ID}0`, "..%2Fdashboard"])
      expect(routeOf(`/operator/uploads/${wrong}`)).toEqual({ page: "not_found" });
  });

  it.each(["/operators", "/operator/none", "/operator/jobs/1", "/"])("has nothing at %s", (path) => {
    expect(routeOf(path)).toEqual({ page: "not_found" });
  });

  it("changes a part of the query and keeps the rest", () => {
    expect(withQuery("?from=2026-11-01&state=stuck", { state: "open" })).toBe("?from=2026-11-01&state=open");
    expect(withQuery("?state=stuck", { state: "" })).toBe("");
    expect(withQuery("", { name: "a b&c" })).toBe("?name=a+b%26c");
  });
});
