import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { ar } from "./locales/ar.ts";

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

  it("speaks a language whose table it is given, and leaves one that has to be loaded to the browser", async () => {
    const { AudioUploader, QuotaMeter } = await import("./index.ts");
    const options = { companionUrl: "https://uploads.example.com", getToken: async () => "" };
    const arabic = renderToString(<AudioUploader {...options} locale={ar} />);
    expect(arabic).toContain('lang="ar" dir="rtl"');
    expect(arabic).toContain(ar.texts.gettingReady);
    for (const locale of ["nl", "auto"]) {
      const html = renderToString(
        <>
          <AudioUploader {...options} locale={locale} />
          <QuotaMeter {...options} locale={locale} />
        </>,
      );
      expect(html.match(/aria-busy="true"/g)).toHaveLength(2);
      // Not in another one until then.
      expect(html.replaceAll(/<[^>]*>/g, "")).toBe("");
    }
  });
});
