/**
 * How many questions of test sets stand in training sets, whose letters and digits are the same: the counts of src/tasks/contamination.ts
 * and docs/tasks.md, from files of the repository AGI-Edgerunners/LLM-Adapters.
 *
 *     npx tsx scripts/contamination.ts TEST.json[,TEST.json…] TRAINING.json[,TRAINING.json…]
 */
import { readFileSync } from "node:fs";
import * as z from "zod";

/** A question is an instruction, or of MAWPS its original text. */
const records = z.array(z.looseObject({ instruction: z.string().optional(), original_text: z.string().optional() }));

function questionsIn(file: string): string[] {
  const rows = records.parse(JSON.parse(readFileSync(file, "utf8")));
  return rows.map(({ instruction, original_text: original }) => plain(instruction ?? original ?? ""));
}

const plain = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");

const [tests = "", training = ""] = process.argv.slice(2);
if (tests === "" || training === "") throw new Error("expected files of tests and files of training data");
console.log("| training set | test | questions | of them in the training set |\n|---|---|--:|--:|");
for (const held of training.split(",")) {
  const known = new Set(questionsIn(held));
  for (const test of tests.split(",")) {
    const questions = questionsIn(test);
    console.log(`| ${held} | ${test} | ${questions.length} | ${questions.filter((each) => known.has(each)).length} |`);
  }
}
