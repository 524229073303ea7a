/** Labels as files hold them: names, ids, numbers. */
import { quote } from "../formats/text.ts";
import { listed } from "./listed.ts";
import type { Task } from "./task.ts";

/** A label cell as text; null where it holds nothing, undefined where it holds what can be no label. */
export function labelText(value: unknown): string | null | undefined {
  if (value === undefined || value === null || value === "") return null;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

/** The number that a whole text writes in decimal, or null. */
export function decimal(text: string): number | null {
  const number = /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}

/** Turns the label cells of one task into ids of classes or numbers; null where a row has no label. */
export type LabelReader = (value: unknown, place: string) => number | null;

/**
 * The reader of `task`'s labels, which throws an Error beginning with the cell's `place` for a label that the task does
 * not know.
 */
export function labelReader(task: Task): LabelReader {
  const { labels, labelIds } = task;
  const known = labels ? classReader(labels, labelIds) : decimal;
  const expected = labels ? `one of ${listed(labels)}` : "a number";
  return (value, place) => {
    const text = labelText(value);
    if (text === null || (labelIds && text !== undefined && decimal(text) === -1)) return null;
    const label = text === undefined ? null : known(text);
    if (label !== null) return label;
    throw new Error(`${place}: unknown label ${quote(text ?? JSON.stringify(value))}, expected ${expected}`);
  };
}

/** Turns a label's name, or its id where `ids` are allowed, into its id; null for what is no label. */
export function classReader(labels: readonly string[], ids: boolean): (text: string) => number | null {
  const byText = new Map(ids ? labels.map((_, id) => [String(id), id]) : []);
  for (const [id, label] of labels.entries()) byText.set(label, id);
  return (text) => byText.get(text) ?? null;
}
