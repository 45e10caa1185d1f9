// What plots have in common: axes in the colours of the page, times in UTC.
import type uPlot from 'uplot';
import { ticks } from './format';
import { cssColor } from './theme';

export function axisOf(): uPlot.Axis {
  const line = { stroke: cssColor('--bs-border-color'), width: 1 };
  return { stroke: cssColor('--bs-body-color'), grid: line, ticks: line };
}

export const timeAxis = (): uPlot.Axis => ({ ...axisOf(), space: 60, values: (_, times) => ticks(times) });

export const upFromZero = (_: uPlot, __: number, max: number): [number, number] => [0, Math.max(max, 1)];

// Short ("15K"), so that they fit beside the plot.
const compact = new Intl.NumberFormat('en-GB', { notation: 'compact' });
export const counts = (_: uPlot, at: number[]): string[] => at.map((n) => (Number.isInteger(n) && n >= 0 ? compact.format(n) : ''));
