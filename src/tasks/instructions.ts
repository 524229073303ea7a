/** Instructions as prompts. A response follows the prompt. */

/** How an instruction, and what it is about where there is something, becomes a prompt. */
export interface InstructionTemplate {
  /** The prompt that a model is trained to respond to. */
  readonly training: (instruction: string, input: string) => string;
  /** The prompt that it is scored on. */
  readonly scoring: (instruction: string, input: string) => string;
}

const alone = "Below is an instruction that describes a task.";
const paired = "Below is an instruction that describes a task, paired with an input that provides further context.";
const request = "Write a response that appropriately completes the request.";

/** Alpaca's prompt (Taori et al. 2023). */
function alpaca(instruction: string, input: string): string {
  return input === ""
    ? `${alone} ${request}\n\n### Instruction:\n${instruction}\n\n### Response:\n`
    : `${paired} ${request}\n\n### Instruction:\n${instruction}\n\n### Input:\n${input}\n\n### Response:\n`;
}

const INDENT = " ".repeat(16);

/** LLM-Adapters' prompt, indented as its source is. @param between what stands on the line between two parts */
function indented(
  beginning: string,
  parts: readonly (readonly [name: string, text: string])[],
  between: string,
): string {
  const blocks = parts.map(([name, text]) => `${INDENT}### ${name}:\n${INDENT}${text}`);
  return `${beginning}\n\n${blocks.join(`\n${between}\n`)}`;
}

function llmAdapters(ends: { readonly alone: string; readonly paired: string; readonly between: string }) {
  return (instruction: string, input: string): string =>
    input === ""
      ? indented(
          `${alone} ${request}${ends.alone}`,
          [
            ["Instruction", instruction],
            ["Response", ""],
          ],
          ends.between,
        )
      : indented(
          `${paired} ${request}${ends.paired}`,
          [
            ["Instruction", instruction],
            ["Input", input],
            ["Response", ""],
          ],
          ends.between,
        );
}

export type InstructionTemplateName = "alpaca" | "llm-adapters";

/**
 * The templates by name. `alpaca` is one and the same for training and for scoring. Of LLM-Adapters' two, which differ in their blanks,
 * the first is what its adapters were trained on and the second what it scores them on.
 */
export const instructionTemplates: { readonly [name in InstructionTemplateName]: InstructionTemplate } = {
  alpaca: { training: alpaca, scoring: alpaca },
  "llm-adapters": {
    training: llmAdapters({ alone: "  ", paired: " ", between: INDENT }),
    scoring: llmAdapters({ alone: " ", paired: "", between: "" }),
  },
};
