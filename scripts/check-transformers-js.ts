/**
 * An exported classifier asked by transformers.js, and compared with what `rocoft predict --json` said of the same texts: the largest
 * difference of the logits, and the labels that are the same. Fails where float32 differs by more than 1e-4 or in a label.
 * transformers.js cuts long texts in another way (the last special token goes too), so the texts must be shorter than
 * --max_seq_length and the tokenizer's limit.
 *
 *     npx tsx scripts/check-transformers-js.ts --model exported/sst2 --predictions predictions.json --modules elsewhere
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Prediction } from "../src/run/prediction.ts";
import { DTYPES, transformersJs } from "./transformers-js.ts";

/** What is used of transformers.js. */
interface TransformersJs {
  readonly AutoTokenizer: {
    from_pretrained(
      name: string,
    ): Promise<
      (texts: string[], options: { padding: boolean; truncation: boolean; text_pair: string[] | null }) => object
    >;
  };
  readonly AutoModelForSequenceClassification: {
    from_pretrained(name: string, options: { dtype: string }): Promise<Model>;
  };
}
interface Model {
  (inputs: object): Promise<{ readonly logits: { tolist(): number[][] } }>;
  readonly config: { readonly id2label: Readonly<Record<string, string>> };
  dispose(): Promise<unknown>;
}

const BATCH = 16;
const LARGEST_DIFFERENCE = 1e-4;

const { values } = parseArgs({
  options: { model: { type: "string" }, predictions: { type: "string" }, modules: { type: "string" } },
});
const { model: folder, predictions: file, modules } = values;
if (folder === undefined || file === undefined || modules === undefined)
  throw new Error("expected --model EXPORTED --predictions FILE --modules FOLDER");

const predictions = JSON.parse(readFileSync(file, "utf8")) as readonly Prediction[];
const { library: transformers, name } = await transformersJs<TransformersJs>(modules, folder);
const tokenize = await transformers.AutoTokenizer.from_pretrained(name);

/** The logits of every text, by the model's numbers of type `dtype`, and the labels' names. */
async function ask(dtype: string): Promise<{ rows: number[][]; names: Readonly<Record<string, string>> }> {
  const model = await transformers.AutoModelForSequenceClassification.from_pretrained(name, { dtype });
  const rows: number[][] = [];
  for (let i = 0; i < predictions.length; i += BATCH) {
    const texts = predictions.slice(i, i + BATCH).map(({ text }) => [text].flat() as string[]);
    const column = (at: number) => texts.map((parts) => parts[at]!);
    const pairs = texts[0]!.length === 2 ? column(1) : null;
    const { logits } = await model(tokenize(column(0), { padding: true, truncation: true, text_pair: pairs }));
    rows.push(...logits.tolist());
  }
  const { id2label: names } = model.config;
  await model.dispose();
  return { rows, names };
}

for (const dtype of DTYPES) {
  const { rows, names } = await ask(dtype);
  const differences = rows.flatMap((row, i) => row.map((x, j) => Math.abs(x - predictions[i]!.logits[j]!)));
  const worst = differences.reduce((a, b) => Math.max(a, b), 0);
  const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
  // A regression has one number, and no label.
  const labelOf = (row: readonly number[]) => names[row.indexOf(Math.max(...row))];
  const same = rows.filter((row, i) => row.length === 1 || labelOf(row) === predictions[i]!.label).length;
  const [largest, average] = [worst, mean].map((x) => x.toExponential(1));
  console.log(
    `${dtype}: ${same} of ${rows.length} labels the same, logits off by ${largest} at most, ${average} on average`,
  );
  if (dtype === "fp32" && (same < rows.length || worst > LARGEST_DIFFERENCE)) process.exitCode = 1;
}
