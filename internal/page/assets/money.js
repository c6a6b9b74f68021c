// Amounts are decimal text from ClickHouse to here, and whole numbers (BigInt) of their
// last digit in between. None becomes a floating-point number, but for drawing (size).

// split is an amount as a whole number of units of 10^-places.
function split(text) {
  const [, sign, whole, decimals = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  return { units: BigInt(sign + whole + decimals), places: decimals.length };
}

// round is n / by, half to even.
function round(n, by) {
  const negative = n < 0n;
  const positive = negative ? -n : n;
  let q = positive / by;
  const twice = (positive % by) * 2n;
  if (twice > by || (twice === by && q % 2n === 1n)) q += 1n;
  return negative ? -q : q;
}

// fixed is an amount rounded half to even to a number of decimals, thousands grouped.
function fixed(text, decimals) {
  const { units, places } = split(text);
  const scaled = places > decimals ? round(units, 10n ** BigInt(places - decimals)) : units * 10n ** BigInt(decimals - places);
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ',');
  return (scaled < 0n ? '-' : '') + whole + (decimals > 0 ? '.' + digits.slice(-decimals) : '');
}

const symbols = { USD: '$', EUR: '€', GBP: '£' };

// priced puts the currency to an amount's digits: its sign in front, or its code behind.
function priced(digits, currency) {
  const sign = digits.startsWith('-') ? '-' : '';
  const symbol = symbols[currency];
  return symbol ? sign + symbol + digits.slice(sign.length) : `${digits} ${currency}`;
}

// money is an amount to the cent.
export const money = (text, currency) => priced(fixed(text, 2), currency);

// change is an amount to the cent, with its sign.
export const change = (text, currency) => (sign(text) > 0 ? '+' : '') + money(text, currency);

// sign is -1, 0 or 1.
export function sign(text) {
  const { units } = split(text);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

// count is a whole number, thousands grouped.
export const count = (text) => fixed(String(text), 0);

// size is an amount for drawing, where a pixel is coarser than any rounding.
export const size = (text) => Number(text);

// round numbers along an axis are made here, they come from no amount.
export const tick = (value, currency) => {
  const letters = ['', 'k', 'M', 'B', 'T', 'Q'];
  let step = 0;
  let v = Math.abs(value);
  while (v >= 1000 && step < letters.length - 1) {
    v /= 1000;
    step += 1;
  }
  const digits = (value < 0 ? '-' : '') + String(Number(v.toPrecision(3))) + letters[step];
  return currency ? priced(digits, currency) : digits;
};
