// Who this tab is: a token if the server wants one, else a guest secret that
// lives as long as the tab. A reload stays the same person; a second tab is
// another one.

const SECRET = 'qala.guest';
const TOKEN = 'qala.token';
const MET = 'qala.met';

// Private modes may refuse storage; a plain object then lasts for the page.
const store = (() => {
  try {
    sessionStorage.setItem('qala.probe', '1');
    sessionStorage.removeItem('qala.probe');
    return sessionStorage;
  } catch {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    };
  }
})();

/** Storage of this tab, for whoever keeps something across a reload. */
export const tabStore = store;

export function credentials() {
  const token = store.getItem(TOKEN);
  return token ? { token } : { guest: guestSecret() };
}

export const hasToken = () => store.getItem(TOKEN) !== null;

export function setToken(token) {
  if (token) store.setItem(TOKEN, token);
  else store.removeItem(TOKEN);
}

/** Forgets the guest: the next connection is somebody new. */
export function becomeNewGuest() {
  store.removeItem(SECRET);
  store.removeItem(MET);
  return holdGuest();
}

export const hasMetSomebody = () => store.getItem(MET) === '1';
export const noteMeeting = () => store.setItem(MET, '1');

/**
 * Duplicating a tab copies its storage, and two tabs with one secret would
 * push each other out for ever. Each tab therefore holds a lock named after
 * its secret; a tab that cannot get it is the copy and takes a new secret.
 * The wait covers a reload, where the old page lets go a moment later.
 */
export async function holdGuest() {
  if (!navigator.locks) return; // Not a secure context: `replaced` still tells.
  if (await takeLock(guestSecret())) return;
  store.removeItem(SECRET);
  store.removeItem(MET);
  await takeLock(guestSecret());
}

const LOCK_WAIT_MS = 500;

function takeLock(secret) {
  return new Promise((resolve) => {
    navigator.locks
      .request(`qala.guest.${secret}`, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, () => {
        resolve(true);
        return new Promise(() => {}); // Held until the page goes.
      })
      .catch(() => resolve(false));
  });
}

function guestSecret() {
  let secret = store.getItem(SECRET);
  if (!/^[0-9a-f]{32}$/.test(secret ?? '')) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    secret = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    store.setItem(SECRET, secret);
  }
  return secret;
}
