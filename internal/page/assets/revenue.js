// The panels about money and accounts. Each takes the rows of its query and what is
// chosen, a line and a currency.
import { change, count, money, sign, size } from '/page/money.js';
import { bars, cursor, el, layers, sparkline } from '/page/draw.js';

const $ = (id) => document.getElementById(id);
const all = '*'; // the line that is all lines; no line is named so

export const lineName = (line) => (line === all ? 'All lines' : line);

// amount is an element with an amount to the cent; its title has all decimals.
const amount = (text, currency, shown = money) => el('span', { class: 'amount', title: `${text} ${currency}`, 'data-exact': text }, shown(text, currency));

const day = (time) => new Date(time).toISOString().slice(0, 10);
const hour = (time) => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')}`;
const monthDay = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' });
const shortDay = (time) => monthDay.format(time);
const shortHour = (time) => `${shortDay(time)}, ${new Date(time).toISOString().slice(11, 13)}h`;

// lines shows ARR now, a card a line, of which one is chosen.
export function lines(rows, bridge, chosen, choose) {
  const box = $('lines');
  const mine = rows.filter((r) => r.currency === chosen.currency);
  const cards = new Map([...box.querySelectorAll('label')].map((card) => [card.dataset.line, card]));
  for (const [line, card] of cards) if (!mine.some((r) => r.line === line)) card.remove();
  for (const r of mine) {
    let card = cards.get(r.line);
    if (!card) {
      const radio = el('input', { type: 'radio', name: 'line', value: r.line });
      radio.addEventListener('change', () => choose(r.line));
      card = el('label', { class: 'card', 'data-line': r.line }, radio, el('span', { class: 'inside' }));
      box.append(card);
    }
    card.querySelector('input').checked = r.line === chosen.line;
    const moved = bridge.find((b) => b.line === r.line && b.currency === r.currency);
    const direction = moved ? ['down', 'same', 'up'][sign(moved.net_new) + 1] : 'same';
    card.querySelector('.inside').replaceChildren(
      el('span', { class: 'name' }, lineName(r.line)),
      el('strong', { 'data-value': `arr ${r.line}` }, amount(r.arr, r.currency)),
      el('span', { class: `moved ${direction}` }, ...(moved ? [amount(moved.net_new, r.currency, change), ' in 30 days'] : ['since the last midnight'])),
      el('span', { class: 'parts' }, 'usage ', amount(r.usage_arr, r.currency), el('br'), 'subscriptions ', amount(r.subscription_arr, r.currency)),
    );
  }
}

const readTime = {};

// overTime is the chart of ARR by line.
export function overTime(rows, chosen, range) {
  const mine = rows.filter((r) => r.currency === chosen.currency);
  const last = Math.max(...mine.map((r) => r.at));
  const from = last - range * 86400000;
  const times = [...new Set(mine.map((r) => r.at))].filter((t) => t >= from).sort((a, b) => a - b);
  const of = (line) => new Map(mine.filter((r) => r.line === line).map((r) => [r.at, r.arr]));
  const names = chosen.line === all ? chosen.order.filter((l) => l !== all).reverse() : [chosen.line];
  const values = new Map([all, ...names].map((l) => [l, of(l)]));
  readTime.show ??= cursor($('time'), (t) => readTime.read(t));
  readTime.read = (t) => $('time-readout').replaceChildren(
    el('span', { class: 'when' }, t % 86400000 ? hour(t) : day(t)),
    ...[...(names.length > 1 ? [all] : []), ...[...names].reverse()].map((l) => el('span', { class: 'read' },
      el('span', { class: `swatch ${l === all && names.length > 1 ? 'sum' : colour(chosen, l)}` }), `${lineName(l)} `,
      values.get(l).has(t) ? amount(values.get(l).get(t), chosen.currency) : 'none')),
  );
  if (!times.length) return $('time').replaceChildren();
  const series = names.map((l) => ({ class: colour(chosen, l), values: times.map((t) => size(values.get(l).get(t) ?? '0')) }));
  readTime.show(layers($('time'), times, series, chosen.currency, shortDay), times);
}

// colour is the class of a line's colour, the same in all panels.
const colour = (chosen, line) => `line-${Math.max(chosen.order.filter((l) => l !== all).indexOf(line), 0) % 8}`;

const steps = [['opening', '30 days ago'], ['new', 'new'], ['expansion', 'expansion'], ['reactivation', 'reactivation'],
  ['contraction', 'contraction'], ['churn', 'churn'], ['closing', 'now']];

// waterfall is the bridge, a row a step, each from where the one before ended.
export function waterfall(rows, chosen) {
  const r = rows.find((b) => b.line === chosen.line && b.currency === chosen.currency);
  const caption = $('bridge').querySelector('caption');
  if (!r) {
    $('bridge').replaceChildren(caption);
    return false;
  }
  let level = 0;
  const ends = steps.map(([step]) => {
    const whole = step === 'opening' || step === 'closing';
    const from = whole ? 0 : level;
    level = whole ? size(r[step]) : level + size(r[step]);
    return [from, level];
  });
  const [lowest, highest] = [Math.min(...ends.flat(), 0), Math.max(...ends.flat(), 0)];
  const at = (v) => `${(((v - lowest) / (highest - lowest || 1)) * 100).toFixed(3)}%`;
  $('bridge').replaceChildren(caption, el('tbody', {}, ...steps.map(([step, name], i) => {
    const [a, b] = [Math.min(...ends[i]), Math.max(...ends[i])];
    const whole = step === 'opening' || step === 'closing';
    const kind = whole ? 'whole' : ['down', 'same', 'up'][sign(r[step]) + 1];
    const bar = el('span', { class: `step ${kind}` });
    bar.style.left = at(a);
    bar.style.width = `max(${(((b - a) / (highest - lowest || 1)) * 100).toFixed(3)}%, 2px)`;
    return el('tr', { class: whole ? 'whole' : '' }, el('th', { scope: 'row' }, name), el('td', { class: 'track', 'aria-hidden': 'true' }, el('span', { class: 'rail' }, bar)),
      el('td', { class: 'number', 'data-value': `bridge ${step}` }, amount(r[step], chosen.currency, whole ? money : change)));
  })));
  return true;
}

const readUsage = {};

// usage is the chart of revenue and cost by the hour.
export function usage(rows, chosen, until) {
  const mine = new Map(rows.filter((r) => r.line === chosen.line && r.currency === chosen.currency).map((r) => [r.at, r]));
  const times = Array.from({ length: 72 }, (_, i) => until - (71 - i) * 3600000);
  const none = { revenue: '0', cost: '0', events: '0' };
  readUsage.show ??= cursor($('usage'), (t) => readUsage.read(t));
  readUsage.read = (t) => {
    const r = mine.get(t) ?? none;
    $('usage-readout').replaceChildren(
      el('span', { class: 'when' }, `${hour(t)}${t === until ? ' (running)' : ''}`),
      el('span', { class: 'read' }, 'revenue ', amount(r.revenue, chosen.currency)),
      el('span', { class: 'read' }, 'cost ', amount(r.cost, chosen.currency)),
      el('span', { class: 'read' }, 'events ', count(r.events)),
    );
  };
  const of = (column) => times.map((t) => size((mine.get(t) ?? none)[column]));
  readUsage.show(bars($('usage'), times, of('revenue'), of('cost'), chosen.currency, shortHour), times, times.length - 2);
}

// active is the accounts of each window, with what they were at the midnights before.
export function active(rows, chosen, midnight) {
  const windows = ['1d', '7d', '28d', '90d'];
  const mine = rows.filter((r) => r.line === chosen.line);
  $('active').replaceChildren(...windows.flatMap((w) => {
    const past = mine.filter((r) => r.window === w).sort((a, b) => a.at - b.at);
    const now = past.find((r) => r.at === midnight);
    if (!past.length) return [];
    return [el('div', {}, el('dt', {}, `past ${w.replace('d', w === '1d' ? ' day' : ' days')}`),
      el('dd', { 'data-value': `active ${w}` }, now ? count(now.accounts) : '0'), sparkline(past.map((r) => size(r.accounts))))];
  }));
  return mine.length > 0;
}
