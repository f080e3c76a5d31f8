import type { AccessLevel, FileRecord } from "@audiotricks/protocol/messages";
import { useContext, useId, useLayoutEffect, useRef } from "react";
import { AccessChoice } from "./access-choice.tsx";
import { IconButton } from "./icon-button.tsx";
import { CloseIcon } from "./icons.tsx";
import { ShareLinksPart } from "./share-links-part.tsx";
import type { CompanionOptions } from "./use-client.ts";
import { useOnline } from "./use-online.ts";
import { useShareLinks } from "./use-share-links.ts";
import { type LocaleOption, useWords, WordsContext } from "./use-words.ts";

export interface SharingDialogProps extends CompanionOptions {
  /** As it is now, with what its reader `may`: a part that they may not change is not shown. */
  file: FileRecord;
  /** Gives it another level; `changeAccess` of `useUploadLibrary`. Rejects with `UploadError`. */
  onChangeAccess: (level: AccessLevel) => Promise<unknown>;
  /** It is to be taken away: the focus goes back to where it was. */
  onClose: () => void;
  /** As of `<AudioUploader>`. */
  locale?: LocaleOption | undefined;
  /** `"auto"` follows the system. */
  theme?: "auto" | "light" | "dark";
}

/** Who reads a file, its public address, and the links to it. A modal dialog for as long as it is rendered. */
export function SharingDialog({ locale, ...props }: SharingDialogProps) {
  const words = useWords(locale);
  if (words === null) return null;
  return (
    <WordsContext.Provider value={words}>
      <Dialog {...props} />
    </WordsContext.Provider>
  );
}

function Dialog(props: Omit<SharingDialogProps, "locale">) {
  const { file, onChangeAccess, onClose, theme = "auto", ...companion } = props;
  const words = useContext(WordsContext);
  const titleId = useId();
  const isOnline = useOnline();
  const dialog = useRef<HTMLDialogElement>(null);
  // Closed while it is still in the document: only then does the browser give the focus back to what opened it.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      className="at-sharing"
      data-theme={theme}
      lang={words.tag}
      dir={words.dir}
      aria-labelledby={titleId}
      onCancel={onClose}
    >
      <div className="at-sharing-head">
        <h2 id={titleId}>{words.say("sharingOf", { name: words.name(file.name) })}</h2>
        <IconButton label={words.say("close")} onClick={onClose}>
          <CloseIcon />
        </IconButton>
      </div>
      <p className="at-note" role="status">
        {isOnline ? "" : words.say("sharingOffline")}
      </p>
      <AccessChoice file={file} isOnline={isOnline} onChange={onChangeAccess} />
      {file.may?.share === true ? <Links {...companion} fileId={file.id} isOnline={isOnline} /> : null}
    </dialog>
  );
}

/** Asked for only where they may be seen. */
function Links({ isOnline, ...options }: CompanionOptions & { fileId: string; isOnline: boolean }) {
  return <ShareLinksPart shares={useShareLinks(options)} isOnline={isOnline} />;
}
