// Sentences the page says: what is, and when needed what to do next.

import { languageName } from '/demo/languages.js';

const seconds = (milliseconds) => Math.max(1, Math.ceil(milliseconds / 1000));

export const tooMany = (retryAfter) => `That was too often. Try again${retryAfter ? ` in ${seconds(retryAfter)} s` : ' in a moment'}.`;

/** A refused command, from its acknowledgement. */
export function refusal({ error, retry_after_ms }) {
  const text = (error ?? 'The server refused').replace(/[.\s]*$/, '');
  return retry_after_ms ? `${text}. Try again in ${seconds(retry_after_ms)} s.` : `${text}.`;
}

export function peerLeft(reason) {
  if (['timeout', 'grace_expired', 'disconnected', 'lost'].includes(reason)) return 'They did not come back, so the talk ended.';
  return 'They left the talk.';
}

export function rejected(reason, requeued, weAccepted) {
  const goesOn = requeued ? ' The search goes on, and you are ahead of the others.' : '';
  if (reason === 'rejected') return `They chose not to talk now.${goesOn}`;
  if (reason === 'partner_left') return `They went away before the talk began.${goesOn}`;
  if (weAccepted) return `They did not answer in time.${goesOn}`;
  return requeued ? 'Nobody answered in time. The search goes on.' : 'The suggestion ran out unanswered, so the search stopped.';
}

/** A refused connection: `{text, token?, retry?}`. */
export function refusedConnection(message, hadToken) {
  switch (message) {
    case 'Authentication required':
      return { text: 'This server lets people in with an access token.', token: true };
    case 'Invalid token':
      return { text: hadToken ? 'The token was not accepted. It may have expired; enter a new one.' : 'This server lets people in with an access token.', token: true };
    case 'User profile required':
      return { text: 'The server finds no profile for this account. Complete the profile, then try again.', retry: true };
    case 'Account suspended':
      return { text: 'This account is suspended. Ask whoever runs the server.', token: true };
    case 'Authentication failed':
      return { text: 'The server could not check who you are. Try again in a moment.', retry: true };
    default:
      return { text: `The server refused the connection: ${(message ?? 'no reason given').replace(/[.\s]*$/, '')}.`, retry: true };
  }
}

export const CONNECTION_WORDS = {
  connecting: 'connecting', connected: 'connected', reconnecting: 'reconnecting', refused: 'refused', replaced: 'open elsewhere',
};

const LEVELS = { beginner: 'beginner', intermediate: 'intermediate', advanced: 'advanced', any: 'any level' };

/** `{title, facts}` about a partner, from what the server told. */
export function about(partner) {
  if (!partner) return { title: 'Somebody', facts: [] };
  const speaks = languageName(partner.native_language);
  const learns = languageName(partner.target_language);
  const level = LEVELS[partner.proficiency_level];
  return { title: `Speaks ${speaks}, learns ${learns}`, facts: [`speaks ${speaks}`, `learns ${learns}`, ...(level ? [level] : [])] };
}

export function lookingFor({ native_language, target_language }) {
  return `Looking for somebody who speaks ${languageName(target_language)} and learns ${languageName(native_language)}`;
}

export function duration(milliseconds) {
  const whole = Math.max(0, Math.floor(milliseconds / 1000));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

const roughly = (wait) => (wait < 90 ? `${Math.max(1, Math.round(wait))} s` : `${Math.round(wait / 60)} min`);

export function estimateLine(wait) {
  if (wait === null || wait === undefined) return '';
  if (wait <= 0) return 'People of this pair hardly wait now.';
  if (wait >= 300) return 'People of this pair wait 5 minutes or more now.';
  return `People of this pair wait about ${roughly(wait)} now.`;
}
