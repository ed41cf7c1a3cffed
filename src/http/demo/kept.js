// What a tab keeps of its search and its match, so that a reloaded page can
// show them again before the server says more.

import { tabStore } from '/demo/identity.js';

const SEARCH = 'qala.search';
const ICE = 'qala.ice';

export function keepSearch({ wishes, since, stage }) {
  tabStore.setItem(SEARCH, JSON.stringify({ wishes, since, stage }));
}

export const forgetSearch = () => tabStore.removeItem(SEARCH);

/** The kept search, or an empty one that began now. */
export function recallSearch() {
  return { wishes: {}, since: Date.now(), joined: true, position: null, estimate: null, stage: 0, ...read(SEARCH) };
}

/** Relay servers come with the match only, not with a resumed talk. */
export function keepIceServers({ sessionId, iceServers }) {
  tabStore.setItem(ICE, JSON.stringify({ sessionId, iceServers }));
}

export function recallIceServers(sessionId) {
  const kept = read(ICE);
  return kept?.sessionId === sessionId ? kept.iceServers : undefined;
}

function read(key) {
  try {
    return JSON.parse(tabStore.getItem(key));
  } catch {
    return null; // Nothing usable was kept.
  }
}
