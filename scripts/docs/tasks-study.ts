/**
 * The tables of docs/tasks-study.md, made from the runs in docs/tasks-study.jsonl.
 *
 *     npx tsx scripts/docs/tasks-study.ts     writes them
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { read } from "../../bench/tasks-results.ts";
import { filled } from "./filled.ts";
import { costTable, runTable, scoreTable } from "./tasks-study/tables.ts";

const docs = join(import.meta.dirname, "../../docs");
export const path: string = join(docs, "tasks-study.md");

/** The page with its tables as they must be. */
export function tasksStudyPage(): string {
  const results = read(join(docs, "tasks-study.jsonl"));
  const parts = {
    runs: runTable(results),
    glue: scoreTable(results, "glue"),
    squad: scoreTable(results, "squad"),
    questions: scoreTable(results, "decoder"),
    summaries: scoreTable(results, "summary"),
    costs: costTable(results),
  };
  return filled(path, "npx tsx scripts/docs/tasks-study.ts", parts);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename)
  writeFileSync(path, tasksStudyPage());
