/** Pages of which parts are written by a script. */
import { readFileSync } from "node:fs";

/**
 * A page with what stands between the marks of each part.
 * @param script the command that writes it, which its marks name
 * @throws Error where marks are gone.
 */
export function filled(path: string, script: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce(
    (page, [part, text]) => {
      const [start, end] = [`<!-- ${part}: written by \`${script}\` -->`, `<!-- /${part} -->`];
      const [before, after] = [page.indexOf(start), page.indexOf(end)];
      if (before < 0 || after < 0) throw new Error(`${path}: the marks of ${part} are gone`);
      return `${page.slice(0, before + start.length)}\n\n${text}\n\n${page.slice(after)}`;
    },
    readFileSync(path, "utf8"),
  );
}
