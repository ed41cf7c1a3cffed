// The form on the card: filled from the address, else from what this browser
// remembers, else from defaults; read into the payload of `matching:join_queue`.

import { LANGUAGES, isLanguage, languageName } from '/demo/languages.js';

const REMEMBERED = 'qala.wishes';
const FIELDS = ['speak', 'learn', 'level', 'age', 'gender', 'age-min', 'age-max', 'gender-preference'];
const STRICT = ['age', 'gender', 'proficiency'];
const DEFAULTS = { speak: 'en', learn: 'es', level: 'beginner', age: '25', gender: '', 'gender-preference': 'any' };

/** Which control a refused field of the payload belongs to. */
const CONTROL_OF = {
  native_language: 'speak', target_language: 'learn', proficiency_level: 'level', age: 'age', gender: 'gender',
  age_min: 'age-min', age_max: 'age-max', gender_preference: 'gender-preference', strict: 'strict-age',
};

const control = (id) => document.getElementById(id);

/** True when the address asks the page to search and accept by itself. */
export const runsByItself = new URLSearchParams(location.search).get('auto') === '1';

export function setUpForm(onChange) {
  for (const id of ['speak', 'learn']) {
    control(id).replaceChildren(...LANGUAGES.map(([code, name]) => new Option(name, code)));
  }
  fill({ ...DEFAULTS, ...recall(), ...fromAddress() });
  control('swap').addEventListener('click', () => {
    const { speak, learn } = values();
    fill({ speak: learn, learn: speak });
    remember();
    onChange();
  });
  // Only what somebody chose by hand is remembered: a swapped address opened
  // in a second tab must not change what the first tab comes back to.
  control('wishes').addEventListener('change', () => {
    remember();
    onChange();
  });
}

/** The payload of `matching:join_queue`; fields left empty are left out. */
export function readWishes() {
  const form = values();
  const number = (text) => (text === '' ? undefined : Number(text));
  const wishes = {
    native_language: form.speak,
    target_language: form.learn,
    proficiency_level: form.level,
    age: number(form.age),
    gender: form.gender || undefined,
    age_min: number(form['age-min']),
    age_max: number(form['age-max']),
    gender_preference: form['gender-preference'],
    strict: form.strict.length ? form.strict : undefined,
  };
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined));
}

/** The first thing wrong with the form, as `{field, error}`, or null. */
export function findMistake(wishes) {
  if (wishes.native_language === wishes.target_language) {
    return { field: 'target_language', error: 'The two languages are the same. Choose the one you want to learn.' };
  }
  for (const [field, what] of [['age', 'Your age'], ['age_min', 'Their lowest age'], ['age_max', 'Their highest age']]) {
    const age = wishes[field];
    if (age === undefined && field !== 'age') continue;
    if (!Number.isInteger(age) || age < 13 || age > 120) return { field, error: `${what} must be a whole number from 13 to 120.` };
  }
  if ((wishes.age_min ?? 13) > (wishes.age_max ?? 120)) {
    return { field: 'age_max', error: 'Their highest age is below the lowest.' };
  }
  return null;
}

/** Marks the control a refusal names, opens the fold it sits in, goes there. */
export function pointAt(field) {
  for (const id of Object.values(CONTROL_OF)) control(id).removeAttribute('aria-invalid');
  const target = control(CONTROL_OF[field]);
  if (!target) return;
  if (control('more').contains(target)) control('more').open = true;
  target.setAttribute('aria-invalid', 'true');
  target.focus();
}

/** The address at which a second tab is the right partner for this one. */
export function swappedAddress() {
  const { speak, learn, level } = values();
  return `/?${new URLSearchParams({ speak: learn, learn: speak, level })}`;
}

/** How many wishes the closed fold hides, in words. */
export function moreSummary() {
  const { age_min, age_max, gender_preference, strict = [] } = readWishes();
  const parts = [];
  if (age_min !== undefined || age_max !== undefined) parts.push(`aged ${age_min ?? 16} to ${age_max ?? 100}`);
  if (gender_preference !== 'any') parts.push(gender_preference);
  if (strict.length) parts.push(`strict on ${strict.map((name) => (name === 'proficiency' ? 'level' : name)).join(', ')}`);
  return parts.join(', ') || 'age, gender';
}

function values() {
  const form = Object.fromEntries(FIELDS.map((id) => [id, control(id).value.trim()]));
  form.strict = STRICT.filter((name) => control(`strict-${name}`).checked);
  return form;
}

function fill(form) {
  for (const id of FIELDS) {
    if (form[id] === undefined) continue;
    const element = control(id);
    // An address may name a language the list does not have.
    if ((id === 'speak' || id === 'learn') && !LANGUAGES.some(([code]) => code === form[id])) {
      element.add(new Option(languageName(form[id]), form[id]));
    }
    element.value = form[id];
  }
  for (const name of STRICT) {
    if (form.strict) control(`strict-${name}`).checked = form.strict.includes(name);
  }
}

function fromAddress() {
  const asked = new URLSearchParams(location.search);
  const form = {};
  if (isLanguage(asked.get('speak'))) form.speak = asked.get('speak');
  if (isLanguage(asked.get('learn'))) form.learn = asked.get('learn');
  if (['beginner', 'intermediate', 'advanced', 'any'].includes(asked.get('level'))) form.level = asked.get('level');
  return form;
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? {};
  } catch {
    return {}; // Storage is off or holds something else: defaults do.
  }
}

function remember() {
  try {
    localStorage.setItem(REMEMBERED, JSON.stringify(values()));
  } catch {
    // Storage is off: the choice lasts as long as the page.
  }
}
