import { describe, expect, it } from "vitest";
import { createTabProgress, type TabShare } from "./tab-progress.ts";

const share = (sent: number, total: number): TabShare => ({
  sent,
  total,
  say: (percent) => `${percent} %`,
});

function openTab(title = "My page") {
  const tab = { title, icons: [] as (number | null)[] };
  const progress = createTabProgress({
    title: () => tab.title,
    setTitle: (next) => {
      tab.title = next;
    },
    setIcon: (percent) => tab.icons.push(percent),
  });
  return { tab, progress };
}

describe("a tab", () => {
  it("shows progress before the page's title, and has its title and icon back afterwards", () => {
    const { tab, progress } = openTab();
    const part = progress.join();
    part.show(share(0, 100), true);
    expect(tab.title).toBe("0 % · My page");
    part.show(share(42, 100), true);
    expect(tab.title).toBe("42 % · My page");
    part.show(null, true);
    part.show(null, true);
    expect(tab.title).toBe("My page");
    expect(tab.icons).toEqual([0, 42, null]);
  });

  it("is shared by widgets: all bytes together, until the last is through", () => {
    const { tab, progress } = openTab();
    const [one, other] = [progress.join(), progress.join()];
    one.show(share(50, 100), true);
    other.show(share(0, 300), true);
    expect(tab.title).toBe("12 % · My page");
    one.show(null, true);
    expect(tab.title).toBe("0 % · My page");
    other.show(null, true);
    expect(tab.title).toBe("My page");
  });

  it("keeps a title that the page sets meanwhile", () => {
    const { tab, progress } = openTab();
    const part = progress.join();
    part.show(share(1, 4), true);
    tab.title = "Another page";
    part.show(share(2, 4), true);
    expect(tab.title).toBe("50 % · Another page");
    tab.title = "A third";
    part.show(null, true);
    expect(tab.title).toBe("A third");
  });

  it("is left alone by what never uploads, and has no icon of ours where none is wanted", () => {
    const { tab, progress } = openTab("");
    const part = progress.join();
    part.show(null, true);
    expect(tab).toEqual({ title: "", icons: [] });
    part.show(share(1, 1), false);
    expect(tab).toEqual({ title: "100 %", icons: [] });
  });
});
