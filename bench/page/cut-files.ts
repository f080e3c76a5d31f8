const HEADER_SIZE = 44;

/**
 * Cuts one file on disk into many, each a WAV of its own. Their bytes stay on disk until somebody reads them, as with picked
 * files; picking ten thousand would measure the browser's file picker.
 */
export async function cutFiles(source: File, count: number, size: number): Promise<File[]> {
  if (count === 1 && source.size === size) return [source];
  const header = new DataView(await source.slice(0, HEADER_SIZE).arrayBuffer());
  header.setUint32(4, size - 8, true);
  header.setUint32(40, size - HEADER_SIZE, true);
  return Array.from({ length: count }, (_, index) => {
    const start = HEADER_SIZE + index * (size - HEADER_SIZE);
    const body = source.slice(start, start + size - HEADER_SIZE);
    return new File([header.buffer, body], `take-${index + 1}.wav`, {
      type: "audio/wav",
      lastModified: source.lastModified,
    });
  });
}
