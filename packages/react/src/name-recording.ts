/** `"Recording 2026-11-30 15.42.07.ogg"`: in the order of time wherever names are sorted, with nothing that a system forbids. */
export function nameRecording(word: string, at: Date, extension: string): string {
  const pad = (value: number) => value.toString().padStart(2, "0");
  const day = [at.getFullYear(), pad(at.getMonth() + 1), pad(at.getDate())].join("-");
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(".");
  return `${word} ${day} ${time}.${extension}`;
}
