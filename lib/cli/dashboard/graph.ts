/** One graph: its lines or areas, its legend, and below, what it reads. */
import type { Line, Widget } from '../../../infra/dashboard.ts';
import { axis, type Plot, type Scale } from './axis.ts';
import type { Frame } from './draw.ts';
import { type Series, seriesOf } from './series.ts';
import { drawSources } from './sources.ts';
import { COLORS, card, element, rounded, SOFT, text } from './svg.ts';

const PADDING = 16;
const LEGEND_CHARACTER_WIDTH = 6.1;

type Drawn = Series & { color: string };
type Annotation = { label: string; value: number };
type YAxis = { left: { label: string; max?: number } };

export function drawGraph({ properties }: Widget, frame: Frame): string {
  const lines = properties['metrics'] as readonly Line[];
  const { left } = properties['yAxis'] as YAxis;
  const horizontal = (properties['annotations'] as { horizontal: Annotation[] } | undefined)?.horizontal ?? [];
  const series = colored(lines.flatMap(seriesOf));
  const isStacked = properties['stacked'] === true;
  const plot: Plot = {
    left: frame.x + PADDING + 34,
    right: frame.x + frame.width - PADDING,
    top: frame.y + 50,
    bottom: frame.y + frame.height - 76,
  };
  const tops = isStacked ? stacked(series) : series.map(({ values }) => values);
  const scale = axis(plot, left.max ?? Math.max(...tops.flat(), ...horizontal.map(({ value }) => value)));
  return [
    card(frame),
    text(frame.x + PADDING, frame.y + 26, String(properties['title']), { 'font-size': 13.5, 'font-weight': 650 }),
    text(frame.x + PADDING, frame.y + 42, left.label, { 'font-size': 10.5, fill: SOFT }),
    scale.drawn,
    isStacked ? drawAreas(series, tops, scale, plot) : drawLines(series, scale, plot),
    ...horizontal.map((annotation) => drawAnnotation(annotation, scale, plot)),
    drawLegend(series, frame),
    drawSources(lines, frame),
  ].join('\n');
}

function colored(series: readonly Series[]): Drawn[] {
  return series.map((one, index) => ({ ...one, color: one.color ?? COLORS[index % COLORS.length] ?? SOFT }));
}

/** Each series on top of those before it. */
function stacked(series: readonly Series[]): number[][] {
  const tops: number[][] = [];
  for (const { values } of series) {
    const below = tops.at(-1);
    tops.push(values.map((value, index) => value + (below?.[index] ?? 0)));
  }
  return tops;
}

function drawLines(series: readonly Drawn[], scale: Scale, plot: Plot): string {
  return series
    .map(({ values, color }) =>
      element('polyline', {
        points: points(values, scale, plot).join(' '),
        fill: 'none',
        stroke: color,
        'stroke-width': 1.8,
        'stroke-linejoin': 'round',
      }),
    )
    .join('\n');
}

/** The last series first, so that each covers what is above the next. */
function drawAreas(series: readonly Drawn[], tops: readonly (readonly number[])[], scale: Scale, plot: Plot): string {
  return series
    .map(({ color }, index) => {
      const upper = points(tops[index] ?? [], scale, plot);
      const lower = points(tops[index - 1] ?? upper.map(() => 0), scale, plot).reverse();
      const area = element('polygon', { points: [...upper, ...lower].join(' '), fill: color, 'fill-opacity': 0.32 });
      const edge = { points: upper.join(' '), fill: 'none', stroke: color, 'stroke-width': 1.3 };
      return `${area}\n${element('polyline', edge)}`;
    })
    .join('\n');
}

function points(values: readonly number[], scale: Scale, { left, right }: Plot): string[] {
  const step = (right - left) / Math.max(1, values.length - 1);
  return values.map((value, index) => `${rounded(left + index * step)},${rounded(scale.y(value))}`);
}

function drawAnnotation({ label, value }: Annotation, scale: Scale, { left, right }: Plot): string {
  const y = scale.y(value);
  return [
    element('line', { x1: left, x2: right, y1: y, y2: y, stroke: '#e5484d', 'stroke-dasharray': '4 3' }),
    text(right, y - 4, label, { 'font-size': 10, fill: '#e5484d', 'text-anchor': 'end' }),
  ].join('\n');
}

/** One line; what has no room is left out, as CloudWatch does. */
function drawLegend(series: readonly Drawn[], frame: Frame): string {
  let x = frame.x + PADDING;
  const y = frame.y + frame.height - 42;
  return series
    .flatMap(({ label, color }) => {
      const width = 14 + label.length * LEGEND_CHARACTER_WIDTH + 14;
      if (x + width > frame.x + frame.width) return [];
      const drawn = [
        element('rect', { x, y: y - 8, width: 9, height: 9, rx: 2, fill: color }),
        text(x + 14, y, label, { 'font-size': 11 }),
      ];
      x += width;
      return drawn;
    })
    .join('\n');
}
