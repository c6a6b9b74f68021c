// Drawing: elements, scales, and the two charts that have an axis of time.
import { tick } from '/page/money.js';

const svgNames = 'http://www.w3.org/2000/svg';

// el makes an HTML element: attributes, then children, which are elements or text.
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

// svg makes an SVG element.
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNames, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// ticks are about four round numbers that cover lowest to highest.
export function ticks(lowest, highest) {
  const span = highest - lowest || Math.abs(highest) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough);
  const out = [];
  for (let i = Math.floor(lowest / step); i * step < highest + step; i += 1) out.push(i * step);
  if (out.length < 2) out.push(out[0] + step); // all is 0
  return out;
}

const margin = { top: 10, right: 14, bottom: 24, left: 58 };

// axes is the frame of a chart over times: scales, the grid and its labels.
function axes(box, times, lowest, highest, currency, label) {
  const width = Math.max(box.clientWidth, 240);
  const height = Math.max(box.clientHeight, 160);
  const values = ticks(lowest, highest);
  const [bottom, top] = [values[0], values[values.length - 1]];
  const [first, last] = [times[0], times[times.length - 1]];
  const x = (t) => margin.left + ((t - first) / (last - first || 1)) * (width - margin.left - margin.right);
  const y = (v) => height - margin.bottom - ((v - bottom) / (top - bottom)) * (height - margin.top - margin.bottom);
  const frame = svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' });
  for (const v of values) {
    frame.append(
      svg('line', { class: v === 0 ? 'grid zero' : 'grid', x1: margin.left, x2: width - margin.right, y1: y(v), y2: y(v) }),
      svg('text', { class: 'axis', x: margin.left - 8, y: y(v) + 4, 'text-anchor': 'end' }, tick(v, currency)),
    );
  }
  const every = Math.ceil(times.length / Math.max(2, Math.floor((width - margin.left) / 96)));
  for (let i = times.length - 1 - Math.floor(every / 2); i >= 0; i -= every) {
    frame.append(svg('text', { class: 'axis', x: x(times[i]), y: height - 6, 'text-anchor': 'middle' }, label(times[i])));
  }
  return { frame, x, y, width, height, bottom };
}

// layers draws areas above one another, or lines where one is below zero.
// series: [{class, values: [number a time]}], the lowest first.
export function layers(box, times, series, currency, label) {
  const stacked = series.every((s) => s.values.every((v) => v >= 0));
  const below = times.map(() => 0);
  const tops = series.map((s) => s.values.map((v, i) => (stacked ? (below[i] += v) : v)));
  const all = tops.flat();
  const a = axes(box, times, Math.min(0, ...all), Math.max(0, ...all), currency, label);
  const path = (values) => values.map((v, i) => `${i ? 'L' : 'M'}${a.x(times[i]).toFixed(1)},${a.y(v).toFixed(1)}`).join('');
  series.forEach((s, n) => {
    const under = n && stacked ? tops[n - 1] : times.map(() => 0);
    if (stacked) {
      const back = under.map((v, i) => `L${a.x(times[i]).toFixed(1)},${a.y(v).toFixed(1)}`).reverse().join('');
      a.frame.append(svg('path', { class: `area ${s.class}`, d: `${path(tops[n])}${back}Z` }));
    }
    a.frame.append(svg('path', { class: `line ${s.class}`, d: path(tops[n]) }));
  });
  return a;
}

// bars draws a bar a time and, narrower, a second one within it.
export function bars(box, times, outer, inner, currency, label) {
  const a = axes(box, times, Math.min(0, ...outer, ...inner), Math.max(0, ...outer, ...inner), currency, label);
  const slot = (a.width - margin.left - margin.right) / times.length;
  const x = (t) => margin.left + times.indexOf(t) * slot + slot / 2;
  const draw = (values, name, width) => values.forEach((v, i) => {
    const [from, to] = [a.y(Math.max(v, 0)), a.y(Math.min(v, 0))];
    a.frame.append(svg('rect', { class: name, x: x(times[i]) - width / 2, y: from, width, height: Math.max(to - from, v ? 1 : 0) }));
  });
  draw(outer, 'bar revenue', Math.max(slot - 1.5, 1));
  draw(inner, 'bar cost', Math.max(slot / 2.4, 1));
  return { ...a, x };
}

// sparkline is a line without an axis.
export function sparkline(values) {
  const [width, height] = [120, 28];
  const top = Math.max(...values, 1);
  const at = (v, i) => `${i ? 'L' : 'M'}${((i / Math.max(values.length - 1, 1)) * width).toFixed(1)},${(height - 2 - (v / top) * (height - 4)).toFixed(1)}`;
  return svg('svg', { class: 'spark', viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('path', { class: 'line line-0', d: values.map(at).join('') }));
}

// cursor lets pointer and arrow keys choose a time of a chart, which show is told; while
// none is chosen, that is the one shown usually. It is given the chart each time that is
// drawn anew.
export function cursor(box, show) {
  let chart, times, chosen, usual;
  const mark = () => {
    chart.frame.querySelector('.cursor')?.remove();
    const i = Math.min(chosen ?? usual, times.length - 1);
    if (chosen !== undefined) {
      const x = chart.x(times[i]);
      chart.frame.append(svg('line', { class: 'cursor', x1: x, x2: x, y1: margin.top, y2: chart.height - margin.bottom }));
    }
    show(times[i]);
  };
  const choose = (i) => {
    if (!chart) return;
    chosen = i === undefined ? undefined : Math.max(0, Math.min(times.length - 1, i));
    mark();
  };
  box.addEventListener('pointermove', (e) => {
    if (!chart) return;
    const x = e.clientX - box.getBoundingClientRect().left;
    let best = 0;
    times.forEach((t, i) => {
      if (Math.abs(chart.x(t) - x) < Math.abs(chart.x(times[best]) - x)) best = i;
    });
    choose(best);
  });
  box.addEventListener('pointerleave', () => choose(undefined));
  box.addEventListener('blur', () => choose(undefined));
  box.addEventListener('keydown', (e) => {
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -7, PageDown: 7, Home: -Infinity, End: Infinity };
    if (!(e.key in moves) || !chart) return;
    e.preventDefault();
    choose((chosen ?? usual) + moves[e.key]);
  });
  return (drawn, at, shown = at.length - 1) => {
    [chart, times, usual] = [drawn, at, shown];
    box.replaceChildren(drawn.frame);
    mark();
  };
}
