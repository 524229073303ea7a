/**
 * SQuAD's own files, of v1.1 and v2.0: one object whose `data` is articles of paragraphs, each a context with its questions
 * (`{"data": [{"title", "paragraphs": [{"context", "qas": [{"id", "question", "answers"}]}]}]}`).
 */
import { isObject } from "../formats/json.ts";
import { type OnBadRow, refuse, type Row, type RowTable } from "../formats/rows.ts";
import { quote } from "../formats/text.ts";
import type { TableForms } from "./task.ts";

/**
 * The questions of such a file as rows, counted from 1, where the task has it among its forms; any other table as it is.
 * @throws Error `where:1: …` for a part of the object that is not as it should be, unless `onBadRow` passes over it.
 */
export function questionRows(
  table: RowTable,
  where: string,
  { nested }: Pick<TableForms, "nested">,
  onBadRow: OnBadRow = refuse,
): RowTable {
  const [only, ...others] = table.rows;
  const articles = only?.values["data"];
  if (nested !== "squad" || others.length > 0 || !Array.isArray(articles)) return table;
  const bad = (path: string, value: unknown, expected: string): void => {
    const met = value === undefined ? "missing" : quote(JSON.stringify(value));
    onBadRow(new Error(`${where}:1: ${path} is ${met}, expected ${expected}`));
  };
  const rows: Row[] = [];
  for (const [article, articlePath] of objectsIn(articles, "data", bad)) {
    for (const [paragraph, path] of objectsIn(article["paragraphs"], `${articlePath}.paragraphs`, bad)) {
      const shared = { title: article["title"], context: paragraph["context"] };
      for (const [question] of objectsIn(paragraph["qas"], `${path}.qas`, bad))
        rows.push({ line: rows.length + 1, values: { ...shared, ...question } });
    }
  }
  return { columns: [...new Set(rows.flatMap(({ values }) => Object.keys(values)))], rows };
}

type JsonRecord = Readonly<Record<string, unknown>>;

/** The objects of a list, each with its path; what is none is told to `bad`. */
function* objectsIn(
  list: unknown,
  path: string,
  bad: (path: string, met: unknown, expected: string) => void,
): Generator<readonly [value: JsonRecord, path: string]> {
  if (!Array.isArray(list)) return bad(path, list, "a list");
  for (const [i, value] of list.entries()) {
    if (isObject(value)) yield [value, `${path}[${i}]`];
    else bad(`${path}[${i}]`, value, "an object");
  }
}
