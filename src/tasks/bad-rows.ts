/** Rows that could not be read, and what is done about them. */
import { type OnBadRow, refuse } from "../formats/rows.ts";

/** How many rows were skipped, and why the first of them were: `where:line: what was met, what was expected`. */
export interface BadRows {
  readonly count: number;
  readonly reasons: readonly string[];
}

/** What is done about a bad row, by the names of the setting `on_bad_row`. */
export const badRowPolicies = ["fail", "skip"] as const;
export type BadRowPolicy = (typeof badRowPolicies)[number];

const REASONS = 3;

/** Takes bad rows as the policy has it, and counts those that are skipped. */
export interface BadRowTally {
  readonly take: OnBadRow;
  /** Those so far. */
  skipped(): BadRows;
}

/** A tally of no rows. */
export function badRowTally(policy: BadRowPolicy): BadRowTally {
  let count = 0;
  const reasons: string[] = [];
  const skip: OnBadRow = ({ message }) => {
    count++;
    if (reasons.length < REASONS) reasons.push(message);
  };
  return { take: policy === "fail" ? refuse : skip, skipped: () => ({ count, reasons: [...reasons] }) };
}
