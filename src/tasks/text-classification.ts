/** Any file with a column of text, or two, and a column of labels. */
import type { RowTable } from "../formats/rows.ts";
import { quote } from "../formats/text.ts";
import { findLabelColumn, findTextColumns } from "./columns.ts";
import { decimal, labelText } from "./label.ts";
import { classification, regression, type TaskDefinition } from "./task.ts";

const name = "text-classification";

/**
 * Classes are the labels of the training data, sorted: by value when all are whole numbers, else as text. Labels that
 * are all numbers, some with a fraction, make it a regression.
 */
export const textClassification: TaskDefinition = {
  name,
  kind: "labelled",
  forms: { textColumns: [], labelColumns: [], headerless: [] },
  resolve: (training, where, options) => {
    if (training.rows.length === 0) throw new Error(`${where}: no rows, expected at least one example`);
    const textColumns = findTextColumns(training.columns, where, options);
    const rest = training.columns.filter((column) => !(textColumns as readonly string[]).includes(column));
    const labelColumn = findLabelColumn(rest, where, options);
    const forms = { textColumns: [textColumns], labelColumns: [labelColumn], headerless: [] };
    const labels = labelsIn(training, labelColumn);
    if (labels.length < 2) refuseUnlabelled(training, labelColumn, where);
    if (options.regression ?? areMeasurements(labels)) return { ...forms, name, ...regression };
    if (labels.length < 2) {
      const only = quote(labels[0]!);
      throw new Error(`${where}: one label, ${only}, in column ${quote(labelColumn)}, expected at least two`);
    }
    return { ...forms, name, ...classification, labels: sorted(labels) };
  },
};

/** The different labels of a column, each once. Rows without one are for the reader of examples to refuse. */
function labelsIn({ rows }: RowTable, column: string): string[] {
  const labels = rows.map(({ values }) => labelText(values[column])).filter((label) => typeof label === "string");
  return [...new Set(labels)];
}

/** @throws Error beginning with the place of the first row without a label. */
function refuseUnlabelled({ rows }: RowTable, column: string, where: string): void {
  const row = rows.find(({ values }) => typeof labelText(values[column]) !== "string");
  if (!row) return;
  const value = row.values[column];
  const met = labelText(value) === null ? "no label" : quote(JSON.stringify(value));
  const expected = labelText(value) === null ? "" : ", expected a text or a number";
  throw new Error(`${where}:${row.line}: ${met} in column ${quote(column)}${expected}`);
}

function areMeasurements(labels: readonly string[]): boolean {
  const numbers = labels.map(decimal);
  return numbers.every((number) => number !== null) && numbers.some((number) => !Number.isInteger(number));
}

function sorted(labels: readonly string[]): string[] {
  const whole = labels.every((label) => Number.isInteger(decimal(label) ?? Number.NaN));
  return whole ? labels.toSorted((a, b) => Number(a) - Number(b)) : labels.toSorted();
}
