// What a search asks for, in words: the five stages and what is left at each.
// Pure functions of the wishes; nothing here touches the page.

import { languageName } from '/demo/languages.js';

const WIDENED_YEARS = 5;
const YOUNGEST = 16;
const OLDEST = 100;

const strictly = (wishes, what) => wishes.strict?.includes(what) ?? false;

/** One label for each stage, in order; a strict wish is named as kept. */
export function stageLabels(wishes) {
  return [
    'All your wishes',
    strictly(wishes, 'proficiency') ? 'Level kept, as you asked' : 'Level no longer asked',
    strictly(wishes, 'age') ? 'Ages kept, as you asked' : 'Ages 5 years wider each way',
    strictly(wishes, 'gender') ? 'Gender kept, as you asked' : 'Gender no longer asked',
    wishes.strict?.length ? 'Only the languages and what is strict' : 'Only the language pair',
  ];
}

/** The list of what a partner must still fulfil at this stage. */
export function insistsOn(wishes, stage) {
  const list = [`speaks ${languageName(wishes.target_language)}, learns ${languageName(wishes.native_language)}`];
  if (stage < 1 || strictly(wishes, 'proficiency')) list.push(levelWish(wishes.proficiency_level));
  const age = ageWish(wishes, stage);
  if (age) list.push(age);
  const gender = wishes.gender_preference;
  if (gender && gender !== 'any' && (stage < 3 || strictly(wishes, 'gender'))) list.push(gender);
  return list;
}

/** How a proposal came about, for the line under it. */
export function foundAt(stage) {
  return [
    'Everything the two of you asked for fits.',
    'Found once the level was no longer asked.',
    'Found once the ages were widened by 5 years.',
    'Found once the gender was no longer asked.',
    'Found by the language pair alone.',
  ][stage] ?? '';
}

function levelWish(level) {
  return level === 'any' ? 'any level' : `${level} level`;
}

function ageWish(wishes, stage) {
  if (wishes.age_min === undefined && wishes.age_max === undefined) return null;
  const kept = strictly(wishes, 'age');
  if (stage >= 4 && !kept) return null;
  const wider = stage >= 2 && !kept ? WIDENED_YEARS : 0;
  const from = (wishes.age_min ?? YOUNGEST) - wider;
  const to = (wishes.age_max ?? OLDEST) + wider;
  return `aged ${Math.max(from, 13)} to ${Math.min(to, 120)}`;
}
