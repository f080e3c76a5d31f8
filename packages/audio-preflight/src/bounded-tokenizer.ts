import {
  AbstractTokenizer,
  EndOfStreamError,
  type IRandomAccessFileInfo,
  type IReadChunkOptions,
} from "strtok3";
import type { Bytes } from "./bytes.ts";

/** What `music-metadata` reads from: our bytes, and no token of more than `maxBufferSize` bytes. */
export class BoundedTokenizer extends AbstractTokenizer {
  readonly fileInfo: IRandomAccessFileInfo;
  readonly #bytes: Bytes;

  constructor(bytes: Bytes, options: { mimeType: string; maxBufferSize: number }) {
    super({ maxBufferSize: options.maxBufferSize });
    this.#bytes = bytes;
    this.fileInfo = { size: bytes.size, mimeType: options.mimeType };
  }

  override supportsRandomAccess(): boolean {
    return true;
  }

  setPosition(position: number): void {
    this.position = position;
  }

  override async readBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const position = options?.position ?? this.position;
    const count = await this.peekBuffer(target, options);
    this.position = position + count;
    return count;
  }

  override async peekBuffer(target: Uint8Array, options?: IReadChunkOptions): Promise<number> {
    const { length, position, mayBeLess } = this.normalizeOptions(target, options);
    const bytes = await this.#bytes.read(position, length);
    if (!mayBeLess && bytes.length < length) throw new EndOfStreamError();
    target.set(bytes);
    return bytes.length;
  }
}
