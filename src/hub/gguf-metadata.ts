/** The metadata of a GGUF file, asked for by kind. */
import type { GgufValue } from "../formats/gguf.ts";
import { quote } from "../formats/text.ts";

/** Each of its functions throws an Error in one line, `where: key: …`, for a value of another kind or one that has to be there. */
export interface Metadata {
  readonly where: string;
  integer(key: string): number;
  integer<T>(key: string, otherwise: T): number | T;
  real(key: string): number;
  real<T>(key: string, otherwise: T): number | T;
  flag(key: string, otherwise: boolean): boolean;
  text(key: string): string;
  text<T>(key: string, otherwise: T): string | T;
  texts(key: string): readonly string[];
  texts<T>(key: string, otherwise: T): readonly string[] | T;
  numbers(key: string): readonly number[];
  numbers<T>(key: string, otherwise: T): readonly number[] | T;
}

/** Asks `values`, the metadata of the file `where`. */
export function metadataOf(values: ReadonlyMap<string, GgufValue>, where: string): Metadata {
  const asker =
    <V extends GgufValue>(kind: string, is: (value: GgufValue) => value is V) =>
    <T>(key: string, ...otherwise: readonly T[]): V | T => {
      const value = values.get(key);
      if (value === undefined && otherwise.length > 0) return otherwise[0]!;
      if (value !== undefined && is(value)) return value;
      const met = value === undefined ? "nothing" : Array.isArray(value) ? "a list" : quote(String(value));
      throw new Error(`${where}: ${quote(key)} is ${met}, expected ${kind}`);
    };
  return {
    where,
    integer: asker("a natural number", isNatural),
    real: asker("a number", isNumber),
    flag: asker("a truth value", (value) => typeof value === "boolean"),
    text: asker("a text", isText),
    texts: asker("a list of texts", (value): value is readonly string[] => isList(value) && value.every(isText)),
    numbers: asker("a list of numbers", (value): value is readonly number[] => isList(value) && value.every(isNumber)),
  };
}

function isNatural(value: GgufValue): value is number {
  return Number.isSafeInteger(value) && isNumber(value) && value >= 0;
}

function isNumber(value: GgufValue): value is number {
  return typeof value === "number";
}

function isText(value: GgufValue): value is string {
  return typeof value === "string";
}

function isList(value: GgufValue): value is readonly GgufValue[] {
  return Array.isArray(value);
}
