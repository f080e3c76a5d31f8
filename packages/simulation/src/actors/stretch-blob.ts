import type { Stretch } from "../store/content.ts";

/** A file of a browser without bytes: which stretch of which content it is, is all that can be found out about it. */
export class StretchBlob extends Blob {
  readonly stretch: Stretch;

  constructor(stretch: Stretch) {
    super();
    this.stretch = stretch;
  }

  override get size(): number {
    return this.stretch.size;
  }

  override slice(start = 0, end = this.stretch.size): StretchBlob {
    const { content, offset, size } = this.stretch;
    return new StretchBlob({ content, offset: offset + start, size: Math.min(end, size) - start });
  }
}
