/** Pixels of a side: tabs show 16, on fine displays 32. */
const SIDE = 32;
const LINE = 6;
/** Percent: smaller steps are not seen at this size. */
const STEP = 5;
/** To be seen on tabs of any colour. */
const [DONE, REST] = ["#3b82f6", "#9ca3af"];

/**
 * A ring in place of the page's icon. It is a `data:` image: where the page's policy refuses these, the page keeps its icon, and the browser
 * writes down one refusal.
 */
export function createTabIcon(page: Document): (percent: number | null) => void {
  let isAllowed: Promise<boolean> | null = null;
  let wanted: number | null = null;
  let link: HTMLLinkElement | null = null;
  /** The page's own, which browsers might prefer. */
  let covered: { link: HTMLLinkElement; rel: string }[] = [];

  const restore = () => {
    link?.remove();
    link = null;
    for (const { link: own, rel } of covered) own.rel = rel;
    covered = [];
  };

  const cover = (): HTMLLinkElement => {
    covered = Array.from(page.head.querySelectorAll<HTMLLinkElement>('link[rel~="icon" i]'), (own) => {
      const { rel } = own;
      own.rel = "x-icon";
      return { link: own, rel };
    });
    const ring = page.createElement("link");
    ring.rel = "icon";
    ring.type = "image/png";
    return ring;
  };

  return (percent) => {
    const step = percent === null ? null : percent - (percent % STEP);
    if (step === wanted) return;
    wanted = step;
    if (step === null) return restore();
    const image = drawRing(page, step);
    if (image === null) return;
    isAllowed ??= canShow(image);
    void isAllowed.then((isOk) => {
      if (!isOk || wanted !== step) return;
      link ??= cover();
      link.href = image;
      page.head.append(link);
    });
  };
}

/** What a policy forbids of images, it forbids of icons. */
async function canShow(image: string): Promise<boolean> {
  const probe = new Image();
  probe.src = image;
  return await probe.decode().then(
    () => true,
    () => false,
  );
}

function drawRing(page: Document, percent: number): string | null {
  const canvas = page.createElement("canvas");
  canvas.width = SIDE;
  canvas.height = SIDE;
  const context = canvas.getContext("2d");
  if (context === null) return null;
  context.lineWidth = LINE;
  const arc = (colour: string, share: number) => {
    context.strokeStyle = colour;
    context.beginPath();
    const top = -Math.PI / 2;
    context.arc(SIDE / 2, SIDE / 2, (SIDE - LINE) / 2, top, top + share * 2 * Math.PI);
    context.stroke();
  };
  arc(REST, 1);
  arc(DONE, percent / 100);
  return canvas.toDataURL();
}
