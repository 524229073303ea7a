import { expect, test } from "vitest";
import { instructionTemplates } from "./instructions.ts";

test("LLM-Adapters trains on one prompt and scores on another", () => {
  const { training, scoring } = instructionTemplates["llm-adapters"];
  const begin = "Below is an instruction that describes a task";
  const request = "Write a response that appropriately completes the request.";
  const [gap, paired] = [" ".repeat(16), ", paired with an input that provides further context"];
  expect(`${training("I\nJ", "")}O`).toBe(
    `${begin}. ${request}  \n\n${gap}### Instruction:\n${gap}I\nJ\n${gap}\n${gap}### Response:\n${gap}O`,
  );
  expect(scoring("I", "")).toBe(
    `${begin}. ${request} \n\n${gap}### Instruction:\n${gap}I\n\n${gap}### Response:\n${gap}`,
  );
  expect(training("I", "N")).toBe(
    `${begin}${paired}. ${request} \n\n${gap}### Instruction:\n${gap}I\n${gap}\n${gap}### Input:\n${gap}N\n${gap}\n${gap}### Response:\n${gap}`,
  );
  expect(scoring("I", "N")).toBe(
    `${begin}${paired}. ${request}\n\n${gap}### Instruction:\n${gap}I\n\n${gap}### Input:\n${gap}N\n\n${gap}### Response:\n${gap}`,
  );
});
