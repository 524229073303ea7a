/** Blanks at the ends of texts, by Unicode's `White_Space`, which JavaScript's own trimming is not of. */

const blank = /^\p{White_Space}$/u;

/** How many UTF-16 units of `text` are blanks before anything else; all of them are of one unit. */
export function leadingBlanks(text: string): number {
  let count = 0;
  while (count < text.length && blank.test(text[count]!)) count++;
  return count;
}

/** How many UTF-16 units of `text` are blanks after everything else. */
export function trailingBlanks(text: string): number {
  let count = 0;
  while (count < text.length && blank.test(text[text.length - 1 - count]!)) count++;
  return count;
}
