import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";

// This project runs in plain Node: no document, no window.
describe("on a server", () => {
  it("can be imported and renders the frame, without asking anybody anything", async () => {
    expect(typeof document).toBe("undefined");
    const { AudioUploader, QuotaMeter } = await import("./index.ts");
    const getToken = () => {
      throw new Error("must not be called while rendering");
    };
    const options = { companionUrl: "https://uploads.example.com", getToken };
    const html = renderToString(
      <>
        <AudioUploader {...options} />
        <QuotaMeter {...options} />
      </>,
    );
    expect(html).toContain('aria-label="Upload audio"');
    expect(html).toContain("Getting ready…");
    expect(html).toContain("Reading how much space there is…");
    // A strict Content-Security-Policy allows no style attributes in what a server sends.
    expect(html).not.toContain("style=");
  });
});
