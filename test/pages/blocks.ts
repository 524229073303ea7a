/** The fenced blocks of a page of Markdown. */

export interface Block {
  /** The line of the page on which its text begins. */
  readonly line: number;
  /** The first word after the fence; empty where there is none. */
  readonly language: string;
  /** Why a block that could be run is not: what follows `no-run` after the language; null where nothing keeps it from it. */
  readonly notRun: string | null;
  readonly text: string;
}

/** @throws Error naming the line when there is anything else than `no-run REASON` after the language. */
export function blocksOf(markdown: string, where: string): Block[] {
  const fenced = /^```(\S*)[ \t]*(.*)\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(fenced)].map(({ index, 1: language, 2: rest, 3: text }) => {
    const line = markdown.slice(0, index).split("\n").length + 1;
    const reason = /^no-run (.+)$/.exec(rest!)?.[1] ?? null;
    if (rest !== "" && reason === null)
      throw new Error(`${where}:${line - 1}: ${rest} after the language of a block, expected no-run and a reason`);
    return { line, language: language!, notRun: reason, text: text! };
  });
}

export interface Command {
  readonly line: number;
  readonly text: string;
}

/** The commands of a block for a shell: its lines, those that end in a backslash with the next; comments are none. */
export function commandsOf({ line: first, text }: Block): Command[] {
  const commands: Command[] = [];
  let begun = "";
  let beganAt = first;
  text.split("\n").forEach((line, i) => {
    if (begun === "") beganAt = first + i;
    begun += line;
    if (line.endsWith("\\")) begun += "\n";
    else {
      if (begun.trim() !== "" && !begun.startsWith("#")) commands.push({ line: beganAt, text: begun });
      begun = "";
    }
  });
  return commands;
}
