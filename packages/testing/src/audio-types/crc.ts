/** A cyclic redundancy check, the highest bit first and nothing inverted, as Ogg (32 bits) and FLAC (8 and 16) have it. */
export function crc(bits: 8 | 16 | 32, polynomial: number): (bytes: Uint8Array) => number {
  const top = 2 ** (bits - 1);
  const mask = 2 ** bits - 1;
  const table = Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte * 2 ** (bits - 8);
    for (let bit = 0; bit < 8; bit += 1) {
      const isSet = value >= top;
      value = (value * 2) % 2 ** bits;
      if (isSet) value = ((value ^ polynomial) >>> 0) & mask;
      value >>>= 0;
    }
    return value;
  });
  return (bytes) => {
    let value = 0;
    for (const byte of bytes) {
      const index = ((value >>> (bits - 8)) ^ byte) & 0xff;
      value = (((value << 8) & mask) ^ (table[index] ?? 0)) >>> 0;
    }
    return value;
  };
}
