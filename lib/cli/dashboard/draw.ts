/** The dashboard as a picture (SVG): the widgets at their places, with what they read, and sketches of what they show. */
import type { Widget } from '../../../infra/dashboard.ts';
import { drawAlarms } from './alarm-status.ts';
import { drawGraph } from './graph.ts';
import { drawText } from './markdown.ts';
import { element, INK, PAPER } from './svg.ts';

const COLUMNS = 24;
const COLUMN_WIDTH = 58;
const ROW_HEIGHT = 38;
const MARGIN = 20;
/** Between two widgets, half of it on each side. */
const GAP = 10;

export type Frame = { x: number; y: number; width: number; height: number };

export function drawDashboard(widgets: readonly Widget[]): string {
  const rows = Math.max(...widgets.map(({ y, height }) => y + height));
  const width = COLUMNS * COLUMN_WIDTH + 2 * MARGIN;
  const height = rows * ROW_HEIGHT + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif" font-size="12" fill="${INK}">`,
    '<title>The dashboard, with made-up figures</title>',
    element('rect', { width, height, fill: PAPER }),
    ...widgets.map((widget) => draw(widget, frameOf(widget))),
    '</svg>\n',
  ].join('\n');
}

function frameOf({ x, y, width, height }: Widget): Frame {
  return {
    x: MARGIN + x * COLUMN_WIDTH + GAP / 2,
    y: MARGIN + y * ROW_HEIGHT + GAP / 2,
    width: width * COLUMN_WIDTH - GAP,
    height: height * ROW_HEIGHT - GAP,
  };
}

function draw(widget: Widget, frame: Frame): string {
  if (widget.type === 'text') return drawText(String(widget.properties['markdown']), frame);
  return widget.type === 'alarm' ? drawAlarms(widget, frame) : drawGraph(widget, frame);
}
