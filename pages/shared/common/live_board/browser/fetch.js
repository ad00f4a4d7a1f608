// Fetches what is new from the server, with plain HTTP. A run of the page's script would have Streamlit draw its whole page anew.

import { lastOf } from "./store.js";

const SERVER = new URL("../../", import.meta.url); // this file is served as app/static/live_board.js
const PATIENCE = 10_000; // ms
const AGAIN = 1500; // ms between requests for a run of the script

// When to look again, by what has just come.
export function fetchLater(board, { fetch, stale }) {
  clearTimeout(board.fetching);
  if (stale) board.runScript();
  const wait = stale ? AGAIN : fetch.seconds === null ? null : 1000 * fetch.seconds;
  if (wait !== null) board.fetching = setTimeout(() => fetchNow(board), wait);
}

// A hidden tab does not look, nor does a board that is not on the page, and of two requests the second waits for the first.
export async function fetchNow(board) {
  clearTimeout(board.fetching);
  board.fetchDue = board.underWay || document.visibilityState === "hidden" || !board.root.isConnected;
  if (board.fetchDue) return;
  board.underWay = true;
  try {
    const has = encodeURIComponent(JSON.stringify({ picture: board.picture, last: lastOf(board) }));
    const answer = await fetch(new URL(`${board.fetch.path}?has=${has}`, SERVER), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(answer.status);
    board.receive(await answer.json());
  } catch { // a proxy that does not know the address, a server that was started anew, a history that cannot be read: the script will tell
    board.runScript();
    board.fetching = setTimeout(() => fetchNow(board), AGAIN);
  } finally {
    board.underWay = false;
    if (board.fetchDue) fetchNow(board);
  }
}
