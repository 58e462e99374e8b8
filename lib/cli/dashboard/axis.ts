/** The axes of a graph: round numbers on the left, the hours below. */
import { element, FAINT, HAIRLINE, text } from './svg.ts';

export type Plot = { left: number; right: number; top: number; bottom: number };
/** `y`: where a value is. */
export type Scale = { y: (value: number) => number; drawn: string };

const HOURS = 3;
const STEPS = 2;

export function axis(plot: Plot, max: number): Scale {
  const top = roundedUp(max);
  const y = (value: number) => plot.bottom - ((plot.bottom - plot.top) * value) / top;
  const drawn = [
    ...Array.from({ length: STEPS + 1 }, (_, step) => gridLine(plot, (top * step) / STEPS, y)),
    ...Array.from({ length: HOURS + 1 }, (_, hour) => hourLabel(plot, hour)),
  ].join('\n');
  return { y, drawn };
}

/** The next of 1, 2, 4, 5, 8, 10, 20, 40 …: its half is round too. */
function roundedUp(max: number): number {
  if (max <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(max));
  return power * ([1, 2, 4, 5, 8, 10].find((step) => step * power >= max) ?? 10);
}

function gridLine({ left, right }: Plot, value: number, y: (value: number) => number): string {
  const at = Math.round(y(value)) + 0.5;
  return [
    element('line', { x1: left, x2: right, y1: at, y2: at, stroke: value === 0 ? '#c9ced8' : HAIRLINE }),
    text(left - 7, at + 3.5, shown(value), { 'font-size': 10, fill: FAINT, 'text-anchor': 'end' }),
  ].join('\n');
}

function hourLabel({ left, right, bottom }: Plot, hour: number): string {
  const anchor = hour === 0 ? 'start' : hour === HOURS ? 'end' : 'middle';
  const label = `${13 + hour}:00`;
  const x = left + ((right - left) * hour) / HOURS;
  return text(x, bottom + 14, label, { 'font-size': 10, fill: FAINT, 'text-anchor': anchor });
}

function shown(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : String(Math.round(value * 10) / 10);
}
