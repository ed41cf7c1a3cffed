// The foldable list of Socket.IO events, for developers. Nothing is drawn
// while it is folded.

const KEPT = 200;
const PAYLOAD_LETTERS = 220;
const TEXT_LETTERS = 48;
const ARROWS = { in: ['←', 'received'], out: ['→', 'sent'], answer: ['↩', 'answered'] };

export class EventsFooter {
  #rows = [];
  #total = 0;
  #fold = document.getElementById('events');
  #list = document.getElementById('events-list');
  #count = document.getElementById('events-count');

  constructor() {
    this.#fold.addEventListener('toggle', () => {
      this.#redraw();
      if (this.#fold.open) this.#fold.scrollIntoView({ block: 'nearest' });
    });
  }

  add(direction, name, args) {
    const row = { direction, name, at: new Date(), payload: abbreviate(args) };
    this.#rows.unshift(row);
    this.#rows.length = Math.min(this.#rows.length, KEPT);
    this.#total += 1;
    this.#count.textContent = String(this.#total);
    if (!this.#fold.open) return;
    this.#list.prepend(element(row));
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild.remove();
  }

  #redraw() {
    if (this.#fold.open) this.#list.replaceChildren(...this.#rows.map(element));
    else this.#list.replaceChildren();
  }
}

function element({ direction, name, at, payload }) {
  const row = document.createElement('li');
  row.dataset.direction = direction;
  const [arrow, word] = ARROWS[direction];
  const part = (tag, text) => {
    const node = document.createElement(tag);
    node.textContent = text;
    row.append(node, ' ');
    return node;
  };
  part('time', `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`);
  part('i', arrow).setAttribute('aria-label', word);
  part('b', name);
  part('code', payload);
  return row;
}

// Descriptions of a call run to pages; their beginning is enough to follow.
function abbreviate(args) {
  const shorten = (_, value) => (typeof value === 'string' && value.length > TEXT_LETTERS ? `${value.slice(0, TEXT_LETTERS)}…` : value);
  const text = args.map((argument) => JSON.stringify(argument, shorten)).join(', ');
  return text.length > PAYLOAD_LETTERS ? `${text.slice(0, PAYLOAD_LETTERS)}…` : text;
}
