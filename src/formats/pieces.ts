/** Text files that come in pieces of any size: from bytes to text, and from text to lines. */

/** What takes a text piece by piece, and makes something of it at its end. */
export interface TextReader<T> {
  /** @param isSound false where the bytes of the piece are not UTF-8; such a piece lies within one line */
  take(piece: string, isSound: boolean): void;
  end(): T;
}

/** A line without its newline; a carriage return before that is kept. */
export interface Line {
  readonly number: number;
  readonly text: string;
  readonly isSound: boolean;
}

/** As a reason why a row is bad. */
export const notUtf8 = "bytes that are not UTF-8, expected UTF-8 text";

/** The longest record in UTF-16 units: far below the longest string, and far beyond any sound record. */
export const LONGEST: number = 2 ** 27;

/** @throws Error when a record that began on a line is longer than {@link LONGEST}. */
export function refuseLong(length: number, where: string, line: number): void {
  if (length > LONGEST)
    throw new Error(`${where}:${line}: a record of more than ${LONGEST} characters, expected shorter ones`);
}

/** Gives the lines of a text to `take` as they are complete; the last may lack its newline. */
export function lineReader<T>(where: string, take: (line: Line) => void, end: () => T): TextReader<T> {
  let number = 1;
  let begun = "";
  let isSound = true;
  const complete = (rest: string): void => {
    take({ number, text: begun + rest, isSound });
    number++;
    begun = "";
    isSound = true;
  };
  return {
    take: (piece, isPieceSound) => {
      isSound &&= isPieceSound;
      let from = 0;
      for (let newline = piece.indexOf("\n"); newline >= 0; newline = piece.indexOf("\n", from)) {
        complete(piece.slice(from, newline));
        from = newline + 1;
      }
      begun += piece.slice(from);
      refuseLong(begun.length, where, number);
    },
    end: () => {
      if (begun !== "" || !isSound) complete("");
      return end();
    },
  };
}

/** Decodes the bytes of a file for `reader`, without a leading byte order mark. */
export function utf8Reader<T>(reader: TextReader<T>): { take(bytes: Uint8Array): void; end(): T } {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
  /** The beginning of a character whose other bytes are still to come. */
  let begun: Uint8Array = new Uint8Array();
  let isFirst = true;
  const decoded = (bytes: Uint8Array): string | null => {
    try {
      return strict.decode(bytes);
    } catch {
      return null;
    }
  };
  const give = (bytes: Uint8Array): void => {
    const text = decoded(bytes);
    if (text === null) {
      for (const line of linesOf(bytes)) reader.take(lenient.decode(line), decoded(line) !== null);
    } else reader.take(isFirst && text.startsWith("\ufeff") ? text.slice(1) : text, true);
    isFirst = false;
  };
  return {
    take: (bytes) => {
      const all = joined(begun, bytes);
      const end = endOfCharacters(all);
      if (end > 0) give(all.subarray(0, end));
      begun = all.slice(end);
    },
    end: () => {
      if (begun.length > 0) give(begun);
      return reader.end();
    },
  };
}

/** The lines of `bytes` with their newlines: the byte of a newline is never a part of a longer UTF-8 sequence. */
function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let begin = 0; begin < bytes.length;) {
    const newline = bytes.indexOf(0x0a, begin);
    const end = newline < 0 ? bytes.length : newline + 1;
    yield bytes.subarray(begin, end);
    begin = end;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** Where the last character ends of which all bytes are there. */
function endOfCharacters(bytes: Uint8Array): number {
  for (let i = bytes.length - 1; i >= Math.max(0, bytes.length - 3); i--) {
    const byte = bytes[i]!;
    if ((byte & 0xc0) === 0x80) continue;
    return i + sequenceLength(byte) > bytes.length ? i : bytes.length;
  }
  return bytes.length;
}

function sequenceLength(firstByte: number): number {
  if (firstByte >= 0xf0) return 4;
  if (firstByte >= 0xe0) return 3;
  return firstByte >= 0xc0 ? 2 : 1;
}
