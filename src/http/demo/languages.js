// The languages the two choosers offer. Codes are ISO 639-1, which is what the
// server compares (by primary tag, without case).

export const LANGUAGES = [
  ['ar', 'Arabic'], ['bn', 'Bengali'], ['zh', 'Chinese'], ['cs', 'Czech'],
  ['da', 'Danish'], ['nl', 'Dutch'], ['en', 'English'], ['fi', 'Finnish'],
  ['fr', 'French'], ['de', 'German'], ['el', 'Greek'], ['he', 'Hebrew'],
  ['hi', 'Hindi'], ['hu', 'Hungarian'], ['id', 'Indonesian'], ['it', 'Italian'],
  ['ja', 'Japanese'], ['kk', 'Kazakh'], ['ko', 'Korean'], ['no', 'Norwegian'],
  ['fa', 'Persian'], ['pl', 'Polish'], ['pt', 'Portuguese'], ['ro', 'Romanian'],
  ['ru', 'Russian'], ['es', 'Spanish'], ['sw', 'Swahili'], ['sv', 'Swedish'],
  ['th', 'Thai'], ['tr', 'Turkish'], ['uk', 'Ukrainian'], ['ur', 'Urdu'],
  ['vi', 'Vietnamese'],
];

const NAMES = new Map(LANGUAGES);

/** What the server accepts as a language: `xx`, `xxx` or `xx-XX`. */
export const isLanguage = (code) => /^[a-z]{2,3}(-[a-z]{2})?$/i.test(code ?? '');

/** The English name of a code, also of one that is not in the list. */
export function languageName(code) {
  const known = NAMES.get(code?.split('-')[0].toLowerCase());
  if (known) return known;
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(code);
  } catch {
    return code || 'another language';
  }
}
