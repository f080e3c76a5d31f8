import { memo, useCallback, useContext, useId, useRef, useState } from "react";
import { Cover } from "./cover.tsx";
import { canRetry } from "./describe-error.ts";
import { describeStatus } from "./describe-status.ts";
import { Detail } from "./detail.tsx";
import { AudioIcon, DoneIcon, FailedIcon } from "./icons.tsx";
import { moveFocusOn, useKeepFocus } from "./keep-focus.ts";
import { ProgressBar } from "./progress-bar.tsx";
import { type RowActions, RowButtons } from "./row-buttons.tsx";
import { RowWaveform } from "./row-waveform.tsx";
import { SoundLines, SoundWarnings } from "./sound-lines.tsx";
import { progressOf, type UploadItem } from "./uploads-state.ts";
import { WordsContext } from "./use-words.ts";

interface UploadRowProps {
  item: UploadItem;
  actions: RowActions;
  /** Where it is in the list, from 0. */
  index: number;
  /** In a list that has not all of its rows in the page: how many files there are, and how many pixels from the top this one is. */
  of?: number;
  top?: number;
  measure?: (row: HTMLElement | null) => void;
}

/** One file: what happens to it, how far it is, and what can be done. Roles and names are a contract, see docs/test-contract.md. */
export const UploadRow = memo(function UploadRow(props: UploadRowProps) {
  const { item, actions, index, of, top, measure } = props;
  const { id, name, size, status, audio, folder, stems, warnings } = item;
  const row = useRef<HTMLLIElement>(null);
  const setRow = useCallback(
    (element: HTMLLIElement | null) => {
      row.current = element;
      measure?.(element);
    },
    [measure],
  );
  const beforeLeaving = useCallback(() => moveFocusOn(row.current), []);
  const [hasCover, setHasCover] = useState(false);
  const onCover = useCallback(() => setHasCover(true), []);
  const nameId = useId();
  const focus = useKeepFocus(row, status.status);
  const words = useContext(WordsContext);
  const { label, detail, tone } = describeStatus(status, size, words);

  return (
    <li
      ref={setRow}
      className="at-row"
      aria-labelledby={nameId}
      tabIndex={-1}
      data-index={index}
      aria-setsize={of}
      aria-posinset={of === undefined ? undefined : index + 1}
      style={top === undefined ? undefined : { insetBlockStart: top }}
      data-status={status.status}
      data-tone={tone}
      data-code={status.status === "failed" ? status.error.code : undefined}
      data-cover={hasCover ? "" : undefined}
      data-reason={status.status === "waiting" ? status.reason : undefined}
      {...focus}
    >
      <span className="at-row-badge">
        {audio === null ? null : <Cover id={id} cover={actions.cover} onCover={onCover} />}
        {tone === "good" ? <DoneIcon /> : tone === "bad" ? <FailedIcon /> : <AudioIcon />}
      </span>
      <div className="at-row-body">
        <p className="at-row-name" id={nameId} title={name}>
          <bdi>{name}</bdi>
        </p>
        <SoundLines audio={audio} folder={folder} stems={stems} />
        {actions.waveforms === null ? null : <RowWaveform item={item} waveforms={actions.waveforms} />}
        <Progress item={item} />
        <p className="at-row-status">
          <span className="at-row-label">{label}</span>
          {detail === null ? null : <Detail className="at-row-detail" text={detail} />}
        </p>
        <SoundWarnings warnings={warnings} />
      </div>
      <div className="at-row-actions">
        <RowButtons
          id={id}
          name={name}
          status={status.status}
          canRetry={status.status === "failed" && canRetry(status.error)}
          actions={actions}
          beforeLeaving={beforeLeaving}
        />
      </div>
    </li>
  );
});

function Progress({ item: { name, size, status } }: { item: UploadItem }) {
  const { say } = useContext(WordsContext);
  if (status.status === "done" || status.status === "failed" || status.status === "cancelled") return null;
  const { sentBytes, totalBytes } = progressOf(status, size);
  const percent = Math.floor((sentBytes / Math.max(1, totalBytes)) * 100);
  return (
    <ProgressBar label={name} sent={sentBytes} total={totalBytes} valueText={say("percent", { percent })} />
  );
}
