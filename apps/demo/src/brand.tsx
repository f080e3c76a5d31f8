export function Brand() {
  return (
    <span className="brand">
      <svg className="brand-mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="currentColor" />
        <path
          d="M7 14v4M11.5 10.5v11M16 6.5v19M20.5 11v10M25 14.5v3"
          fill="none"
          stroke="var(--page)"
          strokeWidth="2.5"
          strokeLinecap="round"
        />
      </svg>
      AudioTricks
    </span>
  );
}
