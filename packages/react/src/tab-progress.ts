/** How much of the uploads of one widget is at the store. */
export interface TabShare {
  /** Bytes. */
  sent: number;
  total: number;
  /** `"42 %"` as the widget's language writes it. */
  say: (percent: number) => string;
}

/** What a browser shows of a page that is not in front. */
export interface TabFace {
  title: () => string;
  setTitle: (title: string) => void;
  /** Percent; `null`: the page's own icon. */
  setIcon: (percent: number | null) => void;
}

/** One widget's part in it. */
export interface TabPart {
  /** `null`: nothing of this widget is under way. */
  show: (share: TabShare | null, hasIcon: boolean) => void;
}

/**
 * Shows in a page's tab how far all of its uploads are together, `"42 % · Page title"`, and gives the tab back when none is under way. Widgets
 * of one page share one of it: each by itself would take the other's title for the page's.
 */
export function createTabProgress(face: TabFace): { join: () => TabPart } {
  const shares = new Map<TabPart, { share: TabShare; hasIcon: boolean }>();
  /** The page's title, and what stands in its place; the page may set another at any time, which is its own then. */
  let shown: { page: string; own: string } | null = null;
  let icon: number | null = null;

  const setIcon = (next: number | null) => {
    if (icon !== next) face.setIcon(next);
    icon = next;
  };

  const render = () => {
    const all = [...shares.values()];
    const [first] = all;
    const page = shown !== null && face.title() === shown.own ? shown.page : face.title();
    if (first === undefined) {
      if (shown !== null && page !== face.title()) face.setTitle(page);
      shown = null;
      setIcon(null);
      return;
    }
    const sent = all.reduce((sum, { share }) => sum + share.sent, 0);
    const total = all.reduce((sum, { share }) => sum + share.total, 0);
    const percent = Math.floor((sent / Math.max(1, total)) * 100);
    const own = [first.share.say(percent), ...(page === "" ? [] : [page])].join(" · ");
    if (face.title() !== own) face.setTitle(own);
    shown = { page, own };
    setIcon(all.some(({ hasIcon }) => hasIcon) ? percent : null);
  };

  return {
    join: () => {
      const part: TabPart = {
        show: (share, hasIcon) => {
          if (share === null) {
            if (!shares.delete(part)) return;
          } else {
            shares.set(part, { share, hasIcon });
          }
          render();
        },
      };
      return part;
    },
  };
}
