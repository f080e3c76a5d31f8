import type { Level } from "./checks.ts";

const WORDS: Record<Level, string> = { act: "To be mended:", look: "To be decided:", fine: "Fine:" };
/** Another shape for each: what colours say, they say as well. */
const SHAPES: Record<Level, string> = {
  act: "M10 1a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM9 5h2v6H9zM9 13h2v2H9z",
  look: "M10 1.5 19.5 18.5H.5zM9 7.5h2v5H9zM9 14h2v2H9z",
  fine: "M10 1a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM8.7 14.2 4.9 10.4l1.4-1.4 2.4 2.4 5-5 1.4 1.4z",
};

export function LevelMark({ level }: { level: Level }) {
  return (
    <>
      <svg className={`mark mark-${level}`} viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <path d={SHAPES[level]} fillRule="evenodd" fill="currentColor" />
      </svg>
      <span className="only-heard">{WORDS[level]} </span>
    </>
  );
}
