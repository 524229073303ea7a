/** Real summaries: the scores were computed by rouge_score, of predictions that a rule takes from each text. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { readRows } from "../formats/table.ts";
import { meanRouge } from "./rouge.ts";

const folder = process.env["ROCOFT_DATA"] ?? "";
const run = test.skipIf(!folder);
const reason = folder ? "" : " (skipped: ROCOFT_DATA names no folder)";

interface Item {
  readonly references: readonly string[];
  readonly prediction: string;
}

function read<Row>(file: string, row: z.ZodType<Row>): Row[] {
  const where = join(folder, "summarization", file);
  return readRows(readFileSync(where, "utf8"), where).rows.map(({ values }) => row.parse(values));
}

/** The first line of each document. */
function xsum(): Item[] {
  const rows = read("xsum/test_sample1000.jsonl", z.object({ document: z.string(), summary: z.string() }));
  return rows.map(({ document, summary }) => ({ references: [summary], prediction: document.split("\n")[0]! }));
}

/** What stands before the third ". " of each article, in three lines. */
function cnnDailyMail(): Item[] {
  const rows = read("cnndm/train_sample100.csv", z.object({ article: z.string(), highlights: z.string() }));
  return rows.map(({ article, highlights }) => ({
    references: [highlights],
    prediction: article.split(". ").slice(0, 3).join("\n"),
  }));
}

/** The first sentence of each source; two to four references. */
function sciTldr(): Item[] {
  const texts = z.array(z.string());
  const rows = read("scitldr/test.jsonl", z.object({ source: texts, target: texts }));
  return rows.map(({ source, target }) => ({ references: target, prediction: source[0]! }));
}

function flat(items: readonly Item[]): Item[] {
  const inOneLine = (text: string) => text.replaceAll("\n", " ");
  return items.map(({ references, prediction }) => ({
    references: references.map(inOneLine),
    prediction: inOneLine(prediction),
  }));
}

// Percentages to four decimals: rouge1, rouge2, rougeL, rougeLsum.
run.each<[string, () => Item[], useStemmer: boolean, expected: number[]]>([
  ["XSum", xsum, true, [16.1857, 1.7054, 11.7434, 11.7434]],
  ["XSum", xsum, false, [15.3731, 1.6283, 11.3055, 11.3055]],
  ["CNN/DailyMail", cnnDailyMail, true, [28.7816, 11.9364, 19.1183, 26.345]],
  ["CNN/DailyMail", cnnDailyMail, false, [27.4128, 11.5127, 18.5882, 25.2747]],
  ["CNN/DailyMail in one line", () => flat(cnnDailyMail()), true, [28.7816, 11.9364, 19.1183, 19.1183]],
  ["SciTLDR", sciTldr, true, [31.2881, 12.326, 24.9763, 24.9809]],
])(`%s, stemmer %s${reason}`, (_, items, useStemmer, expected) => {
  const found = items();
  const means = meanRouge(
    found.map(({ references }) => references),
    found.map(({ prediction }) => prediction),
    { useStemmer },
  );
  const percentages = [means.rouge1, means.rouge2, means.rougeL, means.rougeLsum].map((mean) => mean * 100);
  expect(percentages.map((percentage) => Number(percentage.toFixed(4)))).toEqual(expected);
});
