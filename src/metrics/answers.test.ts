/** The tables are those of LLM-Adapters' extractors and of the evaluation harness's filters, run on these texts. */
import { describe, expect, test } from "vitest";
import { answerMetrics, type ExtractionName, extractions } from "./answers.ts";

const find = (rule: ExtractionName, text: string) => extractions[rule].find(text);

test.each<[ExtractionName, string, string]>([
  ["true_or_false", "the correct answer is true", "true"],
  ["true_or_false", "untrue", "true"],
  ["true_or_false", "True", ""],
  ["true_or_false", "not false but true", "false"],
  ["solution_number", "the correct answer is solution2</s>", "solution2"],
  ["solution_number", "solution 2", ""],
  ["solution_number", "solution3", ""],
  ["answer_number", "Answer3", ""],
  ["answer_number", "answer10", "answer1"],
  ["answer_number", "answer1 or answer2", "answer1"],
  ["answer_number", "answer5", "answer5"],
  ["answer_number", "answer6", ""],
  ["ending_number", "ending4", "ending4"],
  ["ending_number", "ending5", ""],
  ["option_number", "the correct answer is option1</s>", "option1"],
])("%s of %j is %j", (rule, text, expected) => expect(find(rule, text)).toBe(expected));

test.each<[string, number]>([
  ["She has 10 - 7 = 3 apples. The answer is 3.", 3],
  ["The answer is $1,234.50.", 1234.5],
  ["The answer is 1/2", 2],
  ["5-3", -3],
  ["3.14.15", 15],
  ["1e3", 3],
  ["The answer is 7. Then 8 more words", 8],
])("the last number of %j is %d", (text, expected) => expect(Number(find("last_number", text))).toBe(expected));

test.each<[string, string, string]>([
  ["The answer is (C).", "C", "C"],
  ["Rationale: Because 2+2=4. The answer is (C).", "B", "C"],
  ["Answer: D", "A", ""],
  ["Each costs 5. The answer is (A)", "E", "A"],
  ["the answer is b", "", ""],
])("the first letter of %j is %j, the stated one %j", (text, first, stated) => {
  expect([find("first_letter", text), find("stated_letter", text)]).toEqual([first, stated]);
});

test.each<[string, string, string]>([
  ["so 3+4=7\n#### 7", "7", "7"],
  ["The total is $1,234.50.", "", "$1,234.50."],
  ["#### -12", "-12", "-12"],
  ["He has 3 apples and 10 pears, so 13.", "", "13."],
  ["#### 1 then #### 2", "1", "2"],
])("the strict match of %j is %j, the flexible one %j", (text, strict, flexible) => {
  expect([find("strict_match", text), find("flexible_extract", text)]).toEqual([strict, flexible]);
});

describe("shares of right answers", () => {
  test.each<[ExtractionName, string, string, number]>([
    ["answer_number", "answer1", "the correct answer is answer1", 1],
    ["answer_number", "answer1", "nothing to say", 0],
    // 1.3333 is within a thousandth of 4/3, 1.33 is not.
    ["last_number", "1.3333333333333333", "1.3333", 1],
    ["last_number", "1.3333333333333333", "1.33", 0],
    ["last_number", "15.0", "so it is 15", 1],
    ["last_number", "0", "none", 0],
    ["strict_match", "1", "#### $1", 0],
    ["strict_match", "1,234", "#### 1234.", 1],
    ["flexible_extract", "1234.50", "The total is $1,234.50.", 1],
    ["flexible_extract", "18", "18.0", 0],
  ])("%s of %j in %j", (rule, accepted, text, expected) => {
    expect(Object.values(answerMetrics[rule].compute([[accepted]], [text]))).toEqual([expected]);
  });

  test("are over all items, each with all that it accepts", () => {
    const references = [["answer1"], ["answer2", "answer3"], ["answer1"], ["answer4"]];
    const said = ["answer1", "answer3", "", "answer3"];
    expect(answerMetrics.answer_number.compute(references, said)).toEqual({ accuracy: 0.5 });
  });

  test("need items, and a prediction for each", () => {
    expect(() => answerMetrics.answer_number.compute([], [])).toThrow("answer_number: no items, expected at least one");
    expect(() => answerMetrics.answer_number.compute([["a"]], [])).toThrow(
      "answer_number: 0 predictions for 1 items, expected one for each",
    );
  });
});
