/** The alarms, one tile each: all is well in the picture. */
import type { Widget } from '../../../infra/dashboard.ts';
import type { Frame } from './draw.ts';
import { CALM, card, element, INK, text } from './svg.ts';

const TILES_PER_ROW = 5;
const GAP = 8;

export function drawAlarms({ properties }: Widget, frame: Frame): string {
  const arns = properties['alarms'] as readonly string[];
  const width = (frame.width - 40 - (TILES_PER_ROW - 1) * GAP) / TILES_PER_ROW;
  return [
    card(frame),
    text(frame.x + 20, frame.y + 28, String(properties['title']), { 'font-size': 13.5, 'font-weight': 650 }),
    ...arns.map((arn, index) => {
      const x = frame.x + 20 + (index % TILES_PER_ROW) * (width + GAP);
      const y = frame.y + 44 + Math.floor(index / TILES_PER_ROW) * 42;
      return drawTile(nameOf(arn), { x, y, width, height: 34 });
    }),
  ].join('\n');
}

/** Without the deployment, with which all of them begin. */
function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1).replace('ecs-runners-production-', '');
}

function drawTile(name: string, { x, y, width, height }: Frame): string {
  return [
    element('rect', { x, y, width, height, rx: 6, fill: '#f0f8f1', stroke: '#d3ead7' }),
    element('circle', { cx: x + 14, cy: y + height / 2, r: 4, fill: CALM }),
    text(x + 25, y + height / 2 + 4, name, { 'font-size': 11.5, fill: INK }),
  ].join('\n');
}
