import { useContext, useId, useRef, useState } from "react";
import { CopyField } from "./copy-field.tsx";
import { describeSharingError } from "./describe-access.ts";
import { ShareLinkRow } from "./share-link-row.tsx";
import { useAttempt } from "./use-attempt.ts";
import type { ShareLinks } from "./use-share-links.ts";
import { WordsContext } from "./use-words.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** Seconds that a link may last, and as what they are said. */
const LASTS = [
  { seconds: HOUR, number: 1, unit: "hour" },
  { seconds: DAY, number: 1, unit: "day" },
  { seconds: 7 * DAY, number: 7, unit: "day" },
  { seconds: 30 * DAY, number: 30, unit: "day" },
] as const;

/** Makes links, lists them and ends them. */
export function ShareLinksPart({ shares, isOnline }: { shares: ShareLinks; isOnline: boolean }) {
  const words = useContext(WordsContext);
  const { say } = words;
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const [expiresIn, setExpiresIn] = useState(7 * DAY);
  const [most, setMost] = useState("");
  const [url, setUrl] = useState<{ id: string; url: string } | null>(null);
  const [attempt, begin] = useAttempt();
  const isRunning = attempt.status === "running";
  const isIdle = isRunning || !isOnline;
  const { links } = shares;

  const make = async () => {
    const made = await shares.create({ expiresIn, ...(most === "" ? {} : { maxDownloads: Number(most) }) });
    setUrl({ id: made.share.id, url: made.url });
  };
  /** Its button goes with it. */
  const end = (run: () => Promise<void>) =>
    begin(async () => {
      await run();
      setUrl(null);
      heading.current?.focus();
    });

  return (
    <section className="at-sharing-part" aria-labelledby={id} aria-busy={isRunning}>
      <h3 id={id} ref={heading} tabIndex={-1}>
        {say("links")}
      </h3>
      <p className="at-note">{say("linksNote")}</p>
      <form
        className="at-link-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isIdle) begin(make);
        }}
      >
        <label htmlFor={`${id}-lasts`}>{say("linkLasts")}</label>
        <select
          id={`${id}-lasts`}
          className="at-field"
          value={expiresIn}
          onChange={(event) => setExpiresIn(Number(event.target.value))}
        >
          {LASTS.map(({ seconds, number, unit }) => (
            <option key={seconds} value={seconds}>
              {words.amount(number, { unit, display: "long", digits: 0 })}
            </option>
          ))}
        </select>
        <label htmlFor={`${id}-most`}>{say("linkMost")}</label>
        <input
          id={`${id}-most`}
          className="at-field"
          type="number"
          inputMode="numeric"
          min={1}
          max={10_000}
          step={1}
          placeholder="∞"
          value={most}
          onChange={(event) => setMost(event.target.value)}
        />
        <button type="submit" className="at-button at-button-main" aria-disabled={isIdle || undefined}>
          {say("makeLink")}
        </button>
      </form>
      <p className="at-sharing-problem" role="alert">
        {attempt.status === "refused" ? describeSharingError(attempt.error, words) : ""}
      </p>
      {url === null ? null : <CopyField label={say("newLink")} value={url.url} note={say("linkOnce")} />}
      {shares.status === "loading" ? <p className="at-note">{say("readingLinks")}</p> : null}
      {shares.status === "failed" ? (
        <p className="at-note">
          {say("linksUnreadable")}{" "}
          <button type="button" className="at-link" onClick={shares.refresh}>
            {say("tryAgain")}
          </button>
        </p>
      ) : null}
      {shares.status === "ready" && links.length === 0 ? <p className="at-note">{say("noLinks")}</p> : null}
      {links.length === 0 ? null : (
        <ul aria-labelledby={id}>
          {links.map((link) => (
            <ShareLinkRow
              key={link.id}
              link={link}
              isIdle={isIdle}
              onEnd={() => end(() => shares.revoke(link.id))}
            />
          ))}
        </ul>
      )}
      {links.length < 2 ? null : (
        <button
          type="button"
          className="at-button"
          aria-disabled={isIdle || undefined}
          onClick={isIdle ? undefined : () => end(shares.endAll)}
        >
          {say("endAllLinks")}
        </button>
      )}
    </section>
  );
}
