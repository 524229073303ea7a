/**
 * The tables of docs/mrpc.md, made from the runs in docs/mrpc.jsonl.
 *
 *     npx tsx scripts/docs/mrpc.ts     writes them
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Cost, type Done, read, report } from "../../bench/mrpc-results.ts";
import { filled } from "./filled.ts";

const docs = join(import.meta.dirname, "../../docs");
export const path: string = join(docs, "mrpc.md");

/** The page with the tables as they must be. */
export function mrpcPage(): string {
  const [runs, costs] = [read<Done>(join(docs, "mrpc.jsonl")), read<Cost>(join(docs, "mrpc-costs.jsonl"))];
  return filled(path, "npx tsx scripts/docs/mrpc.ts", { tables: report(runs, costs) });
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) writeFileSync(path, mrpcPage());
