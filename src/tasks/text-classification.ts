/** Any file with a column of text, or two, and a column of labels. */
import type { Row, RowTable } from "../formats/rows.ts";
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
    const labels = labelsIn(training, labelColumn, where);
    if (options.regression ?? areMeasurements(labels)) return { ...forms, name, ...regression };
    if (labels.length < 2) {
      const only = quote(labels[0]!);
      throw new Error(`${where}: one label, ${only}, in column ${quote(labelColumn)}, expected at least two`);
    }
    return { ...forms, name, ...classification, labels: sorted(labels) };
  },
};

/** The different labels of a column, each once. */
function labelsIn(table: RowTable, column: string, where: string): string[] {
  return [...new Set(table.rows.map((row) => requiredLabel(row, column, `${where}:${row.line}`)))];
}

function requiredLabel(row: Row, column: string, place: string): string {
  const value = row.values[column];
  const text = labelText(value);
  if (text === null) throw new Error(`${place}: no label in column ${quote(column)}`);
  if (text === undefined) {
    throw new Error(
      `${place}: ${quote(JSON.stringify(value))} in column ${quote(column)}, expected a text or a number`,
    );
  }
  return text;
}

function areMeasurements(labels: readonly string[]): boolean {
  const numbers = labels.map(decimal);
  return numbers.every((number) => number !== null) && numbers.some((number) => !Number.isInteger(number));
}

function sorted(labels: readonly string[]): string[] {
  const whole = labels.every((label) => Number.isInteger(decimal(label) ?? Number.NaN));
  return whole ? labels.toSorted((a, b) => Number(a) - Number(b)) : labels.toSorted();
}
