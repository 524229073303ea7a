/**
 * Porter's stemmer: M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, in the form that nltk's
 * PorterStemmer has by default (NLTK_EXTENSIONS). Its deviations from the paper are said at each step.
 */

/**
 * The stem of an English word.
 * @param word in lower case; what is neither a vowel nor "y", digits too, counts as a consonant
 */
export function porterStem(word: string): string {
  const irregular = irregularStems.get(word);
  if (irregular !== undefined) return irregular;
  if (word.length <= 2) return word;
  return steps.reduce((stem, step) => step(stem), word);
}

/** Words that the steps would not bring together; nltk's own. */
const irregularStems: ReadonlyMap<string, string> = new Map([
  ["sky", "sky"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["news", "news"],
  ["inning", "inning"],
  ["innings", "inning"],
  ["outing", "outing"],
  ["outings", "outing"],
  ["canning", "canning"],
  ["cannings", "canning"],
  ["howe", "howe"],
  ["proceed", "proceed"],
  ["exceed", "exceed"],
  ["succeed", "succeed"],
]);

/** A consonant for each letter that is one, a vowel for a, e, i, o, u and a "y" behind a consonant. */
function form(word: string): string {
  let letters = "";
  for (const letter of word) {
    const isVowel = letter === "y" ? letters.endsWith("c") : "aeiou".includes(letter);
    letters += isVowel ? "v" : "c";
  }
  return letters;
}

/** The paper's m: how often consonants follow vowels, [C](VC)^m[V]. */
function measure(stem: string): number {
  return form(stem).split("vc").length - 1;
}

/** The paper's *o: ends in consonant, vowel, consonant, the last not w, x or y; nltk adds a vowel and a consonant alone. */
function endsShort(stem: string): boolean {
  const letters = form(stem);
  return letters === "vc" || (letters.endsWith("cvc") && !/[wxy]$/.test(stem));
}

/** The paper's *d: ends in a consonant twice. */
function endsDouble(stem: string): boolean {
  return stem.length > 1 && stem.at(-1) === stem.at(-2) && form(stem).endsWith("c");
}

type Condition = (stem: string) => boolean;
/** A suffix, what takes its place, and what must hold of the stem before it, else the word stays. */
type Rule = readonly [suffix: string, replacement: string, condition: Condition];

/** `word` by the first rule whose suffix it has, no other being tried. */
function replaceSuffix(word: string, rules: readonly Rule[]): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix));
  if (!rule) return word;
  const [suffix, replacement, condition] = rule;
  const stem = word.slice(0, word.length - suffix.length);
  return condition(stem) ? stem + replacement : word;
}

/** Plurals. nltk leaves the e of "dies" and other words of four letters. */
function step1a(word: string): string {
  if (word.endsWith("ies")) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith("sses")) return word.slice(0, -2);
  return word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}

/** Past forms and -ing. nltk's "ied" is as "ies" in the step before. */
function step1b(word: string): string {
  if (word.endsWith("ied")) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith("eed")) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = ["ed", "ing"].find((ending) => word.endsWith(ending));
  if (suffix === undefined) return word;
  const stem = word.slice(0, word.length - suffix.length);
  return form(stem).includes("v") ? completed(stem) : word;
}

/** What "ed" or "ing" was taken from, with the e that it may have lost and without the letter that it may have doubled. */
function completed(stem: string): string {
  if (/(at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsDouble(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsShort(stem) ? `${stem}e` : stem;
}

/** A last y is i behind a consonant that is not the first letter; the paper asks for a vowel before it instead. */
function step1c(word: string): string {
  return replaceSuffix(word, [["y", "i", (stem) => stem.length > 1 && form(stem).endsWith("c")]]);
}

const isPositive: Condition = (stem) => measure(stem) > 0;
const isAboveOne: Condition = (stem) => measure(stem) > 1;

/** "bli" is the paper's "abli", and "fulli" and "logi" are not in it; nltk counts the l of "logi" to the stem. */
const step2Rules: readonly Rule[] = [
  ["ational", "ate", isPositive],
  ["tional", "tion", isPositive],
  ["enci", "ence", isPositive],
  ["anci", "ance", isPositive],
  ["izer", "ize", isPositive],
  ["bli", "ble", isPositive],
  ["alli", "al", isPositive],
  ["entli", "ent", isPositive],
  ["eli", "e", isPositive],
  ["ousli", "ous", isPositive],
  ["ization", "ize", isPositive],
  ["ation", "ate", isPositive],
  ["ator", "ate", isPositive],
  ["alism", "al", isPositive],
  ["iveness", "ive", isPositive],
  ["fulness", "ful", isPositive],
  ["ousness", "ous", isPositive],
  ["aliti", "al", isPositive],
  ["iviti", "ive", isPositive],
  ["biliti", "ble", isPositive],
  ["fulli", "ful", isPositive],
  ["logi", "log", (stem) => measure(`${stem}l`) > 0],
];

/** What "alli" leaves goes through the step once more, as in nltk: "relationalli" is "relational", then "relate". */
function step2(word: string): string {
  const replaced = replaceSuffix(word, step2Rules);
  return word.endsWith("alli") ? replaceSuffix(replaced, step2Rules) : replaced;
}

const step3Rules: readonly Rule[] = [
  ["icate", "ic", isPositive],
  ["ative", "", isPositive],
  ["alize", "al", isPositive],
  ["iciti", "ic", isPositive],
  ["ical", "ic", isPositive],
  ["ful", "", isPositive],
  ["ness", "", isPositive],
];

const step4Rules: readonly Rule[] = [
  ["al", "", isAboveOne],
  ["ance", "", isAboveOne],
  ["ence", "", isAboveOne],
  ["er", "", isAboveOne],
  ["ic", "", isAboveOne],
  ["able", "", isAboveOne],
  ["ible", "", isAboveOne],
  ["ant", "", isAboveOne],
  ["ement", "", isAboveOne],
  ["ment", "", isAboveOne],
  ["ent", "", isAboveOne],
  ["ion", "", (stem) => isAboveOne(stem) && /[st]$/.test(stem)],
  ["ou", "", isAboveOne],
  ["ism", "", isAboveOne],
  ["ate", "", isAboveOne],
  ["iti", "", isAboveOne],
  ["ous", "", isAboveOne],
  ["ive", "", isAboveOne],
  ["ize", "", isAboveOne],
];

/** A last e goes when m > 1, or when m = 1 and the rest is not short. */
function step5a(word: string): string {
  return replaceSuffix(word, [["e", "", (stem) => isAboveOne(stem) || (isPositive(stem) && !endsShort(stem))]]);
}

/** A last ll is l when m > 1, the first l counted. */
function step5b(word: string): string {
  return replaceSuffix(word, [["ll", "l", (stem) => isAboveOne(`${stem}l`)]]);
}

const steps: readonly ((word: string) => string)[] = [
  step1a,
  step1b,
  step1c,
  step2,
  (word) => replaceSuffix(word, step3Rules),
  (word) => replaceSuffix(word, step4Rules),
  step5a,
  step5b,
];
