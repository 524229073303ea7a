/** What the cells of a row hold where that is more than one text or label. Each reader names the cell in its errors. */
import { isObject } from "../formats/json.ts";
import type { Row } from "../formats/rows.ts";
import { quote } from "../formats/text.ts";
import { labelText } from "./label.ts";
import { listed } from "./listed.ts";

type Values = Row["values"];

/** @throws Error beginning with `place` unless the cell holds a text. */
export function textIn(values: Values, column: string, place: string): string {
  const value = values[column];
  if (typeof value === "string") return value;
  throw new Error(`${place}: ${met(value)} in column ${quote(column)}, expected a text`);
}

/** @throws Error beginning with `place` unless the cell holds a list of texts, one at least. */
export function textsIn(values: Values, column: string, place: string): readonly string[] {
  const value = values[column];
  const texts = Array.isArray(value) ? value.filter((text): text is string => typeof text === "string") : [];
  if (Array.isArray(value) && texts.length === value.length && texts.length > 0) return texts;
  throw new Error(`${place}: ${met(value)} in column ${quote(column)}, expected a list of texts`);
}

/** Choices with their names, as the Hugging Face hub has them (`{text: […], label: […]}`) or as AI2's files do (`[{text, label}, …]`). */
export interface NamedChoices {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

/** @throws Error beginning with `place` unless the cell holds choices, each with its name. */
export function namedChoicesIn(values: Values, column: string, place: string): NamedChoices {
  const value = values[column];
  const lists: Values = Array.isArray(value)
    ? { text: value.map((choice) => fieldOf(choice, "text")), label: value.map((choice) => fieldOf(choice, "label")) }
    : isObject(value)
      ? value
      : {};
  const [texts, names] = [lists["text"], lists["label"]];
  if (isTexts(texts) && isTexts(names) && texts.length === names.length && texts.length > 0) return { texts, names };
  throw new Error(`${place}: ${met(value)} in column ${quote(column)}, expected choices: text and label of each`);
}

/**
 * Which of `names` the cell holds.
 * @throws Error beginning with `place` when it holds none of them.
 */
export function placeIn(names: readonly string[], values: Values, column: string, place: string): number {
  const value = values[column];
  const found = names.indexOf(labelText(value)?.trim() ?? "");
  if (found >= 0) return found;
  throw new Error(`${place}: ${met(value)} in column ${quote(column)}, expected one of ${listed(names)}`);
}

function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function met(value: unknown): string {
  return value === undefined ? "nothing" : quote(typeof value === "string" ? value : JSON.stringify(value));
}
