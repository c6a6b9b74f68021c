// The panels about how the pipeline does: partitions, refusals, records.
import { count } from '/page/money.js';
import { el } from '/page/draw.js';

const $ = (id) => document.getElementById(id);

// severity of a status: 0 fine, 1 late, 2 trouble. What is not known here is trouble.
const severity = { ok: 0, idle: 0, behind: 1 };
const classes = ['good', 'warn', 'bad'];

const lateAfter = 60; // seconds that a live clock may be off, as the alerts have it

// judge is how a partition does: what its consumer says, what a monitor sees from outside
// or, of a live clock, that it is off; whichever is worst, and of two alike the first.
export function judge(p, history) {
  const words = [{ level: severity[p.status] ?? 2, word: p.status, reason: p.reason, detail: p.detail }];
  if (p.lag_at && p.lag_reason !== 'too_few_samples') { // of a monitor that has just begun
    words.push({ level: severity[p.lag_status] ?? 2, word: p.lag_status, reason: p.lag_reason, detail: p.lag_sentence });
  }
  const off = Number(p.clock_behind_seconds);
  if (!history && Math.abs(off) > lateAfter) {
    words.push({ ...(p.at <= 0 ? { level: 1, word: 'no tick yet' } : { level: 2, word: off > 0 ? 'late' : 'clock ahead' }), reason: '', detail: p.detail });
  }
  return words.reduce((worst, w) => (w.level > worst.level ? w : worst));
}

// since is a number of seconds in words.
export function since(seconds) {
  const s = Math.abs(Math.round(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h`;
  return `${count(Math.floor(s / 86400))} days`;
}

const at = (text) => (text && Date.parse(text) > 0 ? text.slice(0, 19).replace('T', ' ') : 'never');

// headings are the head of a table; # marks a column of numbers.
const headings = (...names) => el('thead', {}, el('tr', {}, ...names.map((n) => (n ? el('th', { scope: 'col', class: n.startsWith('#') ? 'number' : null }, n.replace('#', '')) : el('td')))));

// lag is how many records wait, and for how long at least; never 0 where nobody knows.
const lag = (p) => (p.lag === null ? 'unknown' : count(p.lag) + (p.lag_seconds >= 1 ? `, ${since(p.lag_seconds)}` : ''));

// partitions is the table, the worst first.
export function partitions(rows, history, now) {
  const judged = rows.map((p) => ({ p, ...judge(p, history) })).sort((a, b) => b.level - a.level);
  $('partitions').replaceChildren(
    headings('partition', 'status', '#lag', 'clock', '#next offset', 'written'),
    el('tbody', {}, ...judged.flatMap(({ p, level, word, reason, detail }) => {
      const behind = Number(p.clock_behind_seconds);
      const clock = p.at <= 0 ? 'no tick yet' : history ? at(p.clock) : behind < 0 ? `${since(behind)} ahead` : `${since(behind)} ago`;
      const row = el('tr', { class: classes[level], 'data-partition': `${p.topic}/${p.partition}` },
        el('th', { scope: 'row' }, `${p.topic}/${p.partition}`),
        el('td', {}, el('span', { class: `badge ${classes[level]}` }, word + (level && reason ? `: ${reason}` : ''))),
        el('td', { class: 'number', title: p.lag_at ? `by runrate monitor, ${at(p.lag_at)}` : 'no runrate monitor has looked for a minute' }, lag(p)),
        el('td', { title: at(p.clock) }, clock),
        el('td', { class: 'number' }, count(p.next_offset)),
        el('td', { title: at(p.written_at) }, Date.parse(p.written_at) > 0 ? `${since((now - Date.parse(p.written_at)) / 1000)} ago` : 'never'));
      const said = [detail, p.owed_since ? `amendments are owed since ${at(p.owed_since)}` : ''].filter(Boolean).join('; ');
      return said ? [row, el('tr', { class: `detail ${classes[level]}` }, el('td', { colspan: 6 }, said))] : [row];
    })),
  );
  return judged;
}

// overall is the badge at the top, and the banner that tells what is wrong.
export function overall(judged, silent) {
  const worst = silent ? 2 : Math.max(0, ...judged.map((j) => j.level));
  const wrong = judged.filter((j) => j.level === worst);
  let word = 'no partitions yet';
  if (silent) word = 'unknown';
  else if (judged.length) word = worst === 0 ? `${judged.length} of ${judged.length} partitions ok` : `${wrong.length} of ${judged.length} partitions ${[...new Set(wrong.map((j) => j.word))].join(', ')}`;
  $('overall').textContent = word;
  $('overall').className = `badge ${judged.length || silent ? classes[worst] : 'none'}`;
  document.documentElement.dataset.status = classes[worst];
  document.title = worst === 0 ? 'runrate' : `${word} · runrate`;
  if (silent) return [silent];
  if (worst < 2) return [];
  return wrong.slice(0, 3).map(({ p, word: w, reason, detail }) => `${p.topic}/${p.partition} is ${w}${reason ? ` (${reason})` : ''}${detail ? `: ${detail}` : ''}`)
    .concat(wrong.length > 3 ? [`and ${wrong.length - 3} more, below`] : []);
}

// refusals are the reasons, with a bar for how many.
export function refusals(rows) {
  const most = Math.max(1, ...rows.map((r) => Number(r.records)));
  if (!rows.length) {
    $('refusals').replaceChildren();
    return false;
  }
  $('refusals').replaceChildren(
    headings('reason', '', '#records', '#open', 'last'),
    el('tbody', {}, ...rows.map((r) => {
      const bar = el('span', { class: 'amountbar', 'aria-hidden': 'true' });
      bar.style.width = `${(Number(r.records) / most) * 100}%`;
      return el('tr', { title: r.latest }, el('th', { scope: 'row' }, r.reason),
        el('td', { class: 'barred', 'aria-hidden': 'true' }, bar),
        el('td', { class: 'number', 'data-value': `refused ${r.reason}` }, count(r.records)),
        el('td', { class: 'number' }, count(r.open)), el('td', {}, at(r.last)));
    })),
  );
  return true;
}

// records says what became of all.
export function records(rows) {
  const kinds = ['accepted', 'duplicate', 'refused', 'control', 'skipped', 'lost'];
  const sums = kinds.map((k) => [k, rows.reduce((n, r) => n + BigInt(r[k]), 0n)]);
  const read = sums.reduce((n, [, s]) => n + s, 0n);
  $('records').textContent = `${count(read)} records read: ${sums.map(([k, n]) => `${count(n)} ${k}`).join(', ')}.`;
}
