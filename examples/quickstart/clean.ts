/**
 * What of a mail the model sees: the subject and the text of the body, without what tells where the mail comes from rather
 * than what it says. In this corpus nearly all of the ham came over a few mailing lists, so that their tags and footers
 * alone would tell ham from spam and the filter would be worth nothing elsewhere. Quotations go too: they are another's
 * words, and would bring mails of one thread near each other. What stays is what these people write about and their names.
 */

/** Tags of mailing lists and marks of replies, as often as they stand at the beginning: `[ILUG] Re: [SAtalk] …`. */
const subjectPrefixes = /^(?:\s*(?:\[[^\]]*\]|(?:re|fwd?|aw)(?:\[\d+\])?:))+/i;
/** Numbers and letters by which spam tells its copies apart, after a wide gap: `Life insurance          ydbqg`. */
const subjectSerial = /(?:\s{4,}|\t)\S+\s*$/;

/** What a thread was called before: `Yast (was: SuSE 8)`. */
const formerSubject = /[([]was:? .*$/i;

/** The subject without list tags, marks of replies, former subjects and serial numbers. */
export function cleanSubject(subject: string): string {
  return tidy([subjectSerial, formerSubject, subjectPrefixes].reduce((rest, part) => rest.replace(part, ""), subject));
}

/**
 * Where a body ends: what follows is a signature, the footer of a list or of a host, the closing line of someone who passed a
 * spam on, or the mail that is answered.
 */
const ends: readonly RegExp[] = [
  /^-- ?$/m,
  /^[_-]{20,}\n(?:.*\n)?.*mailing list/im,
  /^(?:[_=-]{20,}\n+)?(?:This sf\.net email is sponsored|You have received this message because you subscribed)/im,
  /^-+ ?Yahoo! Groups Sponsor/im,
  /^To unsubscribe from this group, send an email to/im,
  /^--DeathToSpam/m,
  /^-+ ?Original Message ?-+/im,
  /^-----BEGIN PGP SIGNATURE/m,
];

/** Lines that are not the sender's own words. */
const lines: readonly RegExp[] = [
  // Quotations, with initials or without, and who is quoted.
  /^[ \t]*(?:[A-Za-z]{0,3}>|\|).*$/gm,
  /^[ \t]*On [^\n]{5,80}\n?[^\n]{0,80}\bwrote:[ \t]*$/gm,
  /^.*\b(?:wrote|writes|said|says|mentioned|stated|thought)\b[^:\n]{0,20}:[ \t]*$/gm,
  // Headers that a program copied into the body.
  /^[ \t]*(?:From|To|Cc|Sent|Date|Reply-To|Message-ID|Forwarded-by|Content-[a-z-]+|URL):.*$/gim,
  // What news feeds, list managers and PGP put before or after the text.
  /^\[IMG:.*$/gm,
  /\[\d+\]/g,
  /^.*\/(?:mailman\/)?listinfo\/.*$/gm,
  /^-----BEGIN PGP SIGNED MESSAGE-----\nHash:.*$/gm,
];

/** The body's text without signatures, footers, quotations and copied headers. */
export function cleanBody(text: string): string {
  const body = text.replaceAll("\r\n", "\n");
  const end = Math.min(body.length, ...ends.map((pattern) => body.search(pattern)).filter((at) => at >= 0));
  return tidy(lines.reduce((rest, pattern) => rest.replaceAll(pattern, ""), body.slice(0, end)));
}

/** On one line, without addresses, and without the names that the makers of the corpus put in place of recipients. */
function tidy(text: string): string {
  return text
    .replaceAll(/\b(?:https?|ftp):\/\/\S+|\bwww\.\S+/gi, "link")
    .replaceAll(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "address")
    .replaceAll(/\w*(?:zzzz|yyyy)\w*/gi, "")
    .replaceAll(/([-=_*~#.!?+])\1{3,}/g, "$1$1$1")
    .replaceAll("\ufffd", "?")
    .replaceAll(/[\s\p{C}]+/gu, " ")
    .trim();
}
