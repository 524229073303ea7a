/** Tasks that learn from texts without labels: any file with a column of text, or plain text whose paragraphs a blank line divides. */
import { findTextColumns } from "./columns.ts";
import { type LanguageKind, languageModelling, type TaskDefinition } from "./task.ts";

/** The task called `name`, of one column of text. */
export function textsAlone(name: LanguageKind): TaskDefinition {
  return {
    name,
    kind: name,
    forms: { textColumns: [], labelColumns: [], headerless: [] },
    resolve: (training, where, options) => {
      if (options.textPairColumn !== undefined || options.labelColumn !== undefined)
        throw new Error(`${name}: a second text or a label column given, expected a text_column alone`);
      const [text, second] = findTextColumns(training.columns, where, options);
      if (second !== undefined)
        throw new Error(`${where}: texts in the columns ${text} and ${second}, expected one, or a given text_column`);
      return { name, ...languageModelling(name), textColumns: [[text]], labelColumns: [], headerless: [] };
    },
  };
}
