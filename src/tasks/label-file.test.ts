import { describe, expect, test } from "vitest";
import { labelFileOf, withLabels } from "./label-file.ts";
import { tasks } from "./registry.ts";

describe("labels in a file of their own", () => {
  const { piqa } = tasks;
  const task = piqa.resolve({ columns: [], rows: [] }, "", {});
  const rows = [{ goal: "a", sol1: "b", sol2: "c" }].map((values, i) => ({ line: i + 1, values }));
  const table = { columns: ["goal", "sol1", "sol2"], rows };

  test("are found beside the texts", () => {
    expect(labelFileOf("data/dev.jsonl", task)).toBe("data/dev-labels.lst");
    expect(labelFileOf("data/dev.jsonl", tasks.boolq.forms)).toBeNull();
  });

  test("become a column, unless there is one", () => {
    const labelled = withLabels(table, "dev.jsonl", "1\n", "dev-labels.lst");
    expect(labelled).toMatchObject({
      columns: [...table.columns, "label"],
      rows: [{ line: 1, values: { label: "1" } }],
    });
    expect(withLabels(labelled, "dev.jsonl", "0\n", "dev-labels.lst")).toBe(labelled);
  });

  test("are as many as the rows", () => {
    expect(() => withLabels(table, "dev.jsonl", "1\n0\n", "dev-labels.lst")).toThrow(
      new Error("dev-labels.lst: 2 labels, expected one for each of the 1 rows of dev.jsonl"),
    );
  });
});
