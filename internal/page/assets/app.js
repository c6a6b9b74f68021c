// Asks for the data every two seconds, and shows what has changed.
import * as revenue from '/page/revenue.js';
import * as trust from '/page/trust.js';
import { el } from '/page/draw.js';

const $ = (id) => document.getElementById(id);
const every = 2000; // milliseconds; while nobody looks, five times that
const patience = 8000; // of one request

const state = { line: '*', currency: '', range: 90, data: null, heard: null };

// rows are a panel's rows as objects; at is their time in milliseconds, for drawing.
function rows(name) {
  const { columns, rows: values } = state.data.panels[name];
  return (values ?? []).map((v) => {
    const r = Object.fromEntries(columns.map((c, i) => [c, v[i]]));
    const time = r.as_of ?? r.hour ?? r.clock;
    r.at = time ? Date.parse(time) : 0;
    return r;
  });
}

// short is a sentence that does not fill the page; the whole of it is in a title.
const short = (text) => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

const minute = (text) => `${text.slice(0, 16).replace('T', ' ')} UTC`;

// asOf says for each panel as of when it is, and that it could not be read since.
function asOf(clock) {
  const of = {
    arr: clock.hour, arr_over_time: clock.hour, bridge: clock.midnight, active: clock.midnight, usage: clock.clock,
  };
  for (const p of document.querySelectorAll('[data-asof]')) {
    const panel = state.data.panels[p.dataset.asof];
    const time = of[p.dataset.asof] ?? panel.read_at;
    const stale = panel.error ? ` – not read since ${panel.read_at ? minute(panel.read_at) : 'the start'}: ${short(panel.error)}` : '';
    p.textContent = (time && Date.parse(time) > 0 ? `as of ${minute(time)}` : '') + stale;
    p.classList.toggle('failed', Boolean(panel.error));
    p.title = panel.error ?? '';
  }
}

const none = (name, some) => document.querySelectorAll(`[data-none="${name}"]`).forEach((p) => { p.hidden = some || !state.data.panels[name].rows; });

function currencies(arr, used) {
  const known = [...new Set([...arr, ...used].map((r) => r.currency))];
  if (!known.includes(state.currency)) state.currency = known[0] ?? '';
  $('currency-label').hidden = known.length < 2;
  if ([...$('currency').options].map((o) => o.value).join() !== known.join()) {
    $('currency').replaceChildren(...known.map((c) => el('option', { value: c }, c)));
  }
  $('currency').value = state.currency;
}

// money draws the panels that depend on the line and currency chosen.
function money(clock) {
  const arr = rows('arr');
  const used = rows('usage');
  currencies(arr, used);
  const order = arr.filter((r) => r.currency === state.currency).map((r) => r.line);
  if (!order.includes(state.line)) state.line = '*';
  const chosen = { line: state.line, currency: state.currency, order };
  const bridge = rows('bridge');
  revenue.lines(arr, bridge, chosen, (line) => { state.line = line; remember(); draw(); });
  none('arr', order.length > 0);
  revenue.overTime(rows('arr_over_time'), chosen, state.range);
  none('bridge', revenue.waterfall(bridge, chosen));
  if (clock.at > 0) revenue.usage(used, chosen, Math.floor(clock.at / 3600000) * 3600000);
  none('active', revenue.active(rows('active'), chosen, Date.parse(clock.midnight)));
  const [d] = rows('definitions');
  $('definition').replaceChildren(...(d ? [`Usage ARR is ${d.arr_multiplier} × the usage revenue of the past ${d.arr_window_days} days, subscription ARR 12 × MRR. `,
    el('a', { href: '/sql/definitions' }, 'SQL')] : []));
}

let drawn = '';

// draw shows the data, where it is other than what is shown.
function draw() {
  if (!state.data) return;
  const [clock] = rows('clock');
  const judged = trust.partitions(rows('partitions'), state.data.history, Date.parse(state.data.now));
  $('partitions-panel').hidden = judged.length === 0 && !state.data.panels.partitions.error;
  banner(judged);
  const ticked = clock && Date.parse(clock.clock) > 0;
  $('empty').hidden = Boolean(ticked || !state.data.panels.clock.rows); // it may not be read yet
  $('empty-why').hidden = Boolean(clock);
  $('numbers').hidden = !ticked;
  $('clock').textContent = ticked ? `${state.data.history ? 'history, ' : ''}clock ${clock.clock.slice(0, 19).replace('T', ' ')} UTC` : '';
  $('version').textContent = `runrate ${state.data.version}`;
  asOf(clock ?? {});
  if (!ticked) return;
  none('refusals', trust.refusals(rows('refusals')));
  trust.records(rows('records'));
  const key = JSON.stringify([['clock', 'arr', 'arr_over_time', 'bridge', 'usage', 'active', 'definitions'].map((n) => state.data.panels[n].rows), state.line, state.currency, state.range, innerWidth]);
  if (key !== drawn) money({ ...clock, at: Date.parse(clock.clock) });
  drawn = key;
}

// banner tells what is wrong, on top of all.
function banner(judged) {
  const failed = Object.entries(state.data?.panels ?? {}).filter(([, p]) => p.error);
  let silent = '';
  if (state.silent) silent = `runrate does not answer since ${state.heard ? minute(state.heard) : 'this page was opened'}: what you see is as of then. ${state.silent}`;
  else if (failed.some(([name]) => name === 'partitions')) silent = `ClickHouse does not answer: what you see is as of the time beside it. ${short(failed[0][1].error)}`;
  const sentences = trust.overall(judged, silent);
  const text = sentences.join('\n');
  if ($('banner').textContent !== text) $('banner').replaceChildren(...sentences.map((s) => el('p', { class: 'banner bad' }, s)));
}

async function ask() {
  try {
    const answer = await fetch('/page/data', { signal: AbortSignal.timeout(patience) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    state.data = await answer.json();
    state.heard = state.data.now;
    state.silent = '';
    draw();
  } catch (error) {
    state.silent = `(${error.message})`;
    banner([]);
  }
  setTimeout(ask, document.hidden ? every * 5 : every);
}

// remember keeps what is chosen in the address, so that it can be sent to others.
function remember() {
  const chosen = new URLSearchParams();
  if (state.line !== '*') chosen.set('line', state.line);
  if (state.currency) chosen.set('currency', state.currency);
  if (state.range !== 90) chosen.set('days', state.range);
  history.replaceState(null, '', `#${chosen}`);
}

function recall() {
  const chosen = new URLSearchParams(location.hash.slice(1));
  state.line = chosen.get('line') ?? '*';
  state.currency = chosen.get('currency') ?? '';
  const radio = document.querySelector(`#range input[value="${CSS.escape(chosen.get('days') ?? '90')}"]`);
  if (radio) {
    radio.checked = true;
    state.range = Number(radio.value);
  }
}

$('range').addEventListener('change', (e) => { state.range = Number(e.target.value); remember(); draw(); });
$('currency').addEventListener('change', (e) => { state.currency = e.target.value; remember(); draw(); });
addEventListener('resize', draw);
addEventListener('hashchange', () => { recall(); draw(); });
recall();
ask();
