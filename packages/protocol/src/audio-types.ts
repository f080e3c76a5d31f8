/**
 * Audio we accept, by extension. `type` is what the object is stored and served as: decided here, never by the browser.
 * `accepts` are the types browsers and operating systems are known to announce for such a file.
 */
export const AUDIO_TYPES = {
  mp3: { type: "audio/mpeg", accepts: ["audio/mpeg", "audio/mp3", "audio/x-mp3", "audio/mpeg3"] },
  wav: { type: "audio/wav", accepts: ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"] },
  m4a: { type: "audio/mp4", accepts: ["audio/mp4", "audio/x-m4a", "audio/m4a", "audio/aac", "video/mp4"] },
  flac: { type: "audio/flac", accepts: ["audio/flac", "audio/x-flac"] },
  ogg: {
    type: "audio/ogg",
    accepts: ["audio/ogg", "application/ogg", "audio/vorbis", "video/ogg", "audio/opus"],
  },
  opus: { type: "audio/ogg", accepts: ["audio/ogg", "audio/opus", "application/ogg", "video/ogg"] },
} as const;

export type AudioExtension = keyof typeof AUDIO_TYPES;

export const AUDIO_EXTENSIONS = Object.keys(AUDIO_TYPES) as AudioExtension[];

/** Lower-case extension of a file name, without the dot; `undefined` where there is none that we would put in a key. */
export function extensionOf(fileName: string): string | undefined {
  return /\.([A-Za-z0-9]{1,10})$/.exec(fileName)?.[1]?.toLowerCase();
}

export function isAudioExtension(extension: string | undefined): extension is AudioExtension {
  return extension !== undefined && Object.hasOwn(AUDIO_TYPES, extension);
}
