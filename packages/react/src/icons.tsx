import type { ReactNode } from "react";

function Icon({ className = "at-icon", children }: { className?: string; children: ReactNode }) {
  return (
    <svg
      className={className}
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

function FilledIcon({ path }: { path: string }) {
  return (
    <svg
      className="at-icon"
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="currentColor"
      aria-hidden="true"
      focusable="false"
    >
      <path d={path} />
    </svg>
  );
}

export const PauseIcon = () => (
  <Icon>
    <path d="M7 5v10M13 5v10" />
  </Icon>
);
export const ResumeIcon = () => (
  <Icon className="at-icon at-icon-forward">
    <path d="M7 4.5v11l8.5-5.5z" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="M5.5 5.5l9 9M14.5 5.5l-9 9" />
  </Icon>
);
export const RetryIcon = () => (
  <Icon>
    <path d="M15.5 10a5.5 5.5 0 1 1-1.7-4M14 2.5V6h-3.5" />
  </Icon>
);
export const DoneIcon = () => (
  <Icon>
    <path d="M4.5 10.5l3.7 3.7 7.3-8" />
  </Icon>
);
export const FailedIcon = () => (
  <Icon>
    <path d="M10 5v6M10 14.5v.1" />
  </Icon>
);
export const UpIcon = () => (
  <Icon>
    <path d="M5 11.5l5-5 5 5" />
  </Icon>
);
export const DownIcon = () => (
  <Icon>
    <path d="M5 8.5l5 5 5-5" />
  </Icon>
);
export const AudioIcon = () => (
  <Icon>
    <path d="M3 10h1M6.5 6.5v7M10 3.5v13M13.5 7v6M16.5 9.5v1" />
  </Icon>
);
export const MicrophoneIcon = () => (
  <Icon>
    <path d="M10 3a2.5 2.5 0 0 1 2.5 2.5v4a2.5 2.5 0 0 1-5 0v-4A2.5 2.5 0 0 1 10 3zM5 9.5a5 5 0 0 0 10 0M10 14.5V17" />
  </Icon>
);
/** Of players: the same way round in every language, so that nobody takes it for what resumes an upload. */
export const PlayIcon = () => <FilledIcon path="M7 4.5v11l8.5-5.5z" />;
export const StopPlayingIcon = () => <FilledIcon path="M5.5 5h3v10h-3zM11.5 5h3v10h-3z" />;
