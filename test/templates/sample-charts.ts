/** Charts with invented figures, for looking at them and for what must hold of all. */
import { barChart } from '../../templates/charts/bar-chart.ts'
import { columnChart } from '../../templates/charts/column-chart.ts'
import { lineChart } from '../../templates/charts/line-chart.ts'
import type { Canvas, Scene } from '../../templates/charts/scene.ts'

export const sampleCharts: ReadonlyMap<string, (canvas: Canvas) => Scene> = new Map([
  [
    'ownership',
    (canvas: Canvas) =>
      barChart(
        {
          title: 'Ownership before and after the round',
          description:
            'The fund comes in with 9.63 %, all of it unearned at first; the founders go from 50.00 % to 42.23 %.',
          rows: [
            {
              name: 'Ada Lindqvist',
              bars: [
                { label: 'before 50.00 %', parts: [{ value: '50', style: 'outlined', tone: 'hue-1' }] },
                { label: 'after 42.23 %', parts: [{ value: '42.23', tone: 'hue-1' }] },
              ],
            },
            {
              name: 'A Very Long Named Family Investment Partnership of Somewhere, L.P.',
              bars: [
                { label: 'before 31.20 %', parts: [{ value: '31.2', style: 'outlined', tone: 'hue-1' }] },
                { label: 'after 26.35 %', parts: [{ value: '26.35', tone: 'hue-1' }] },
              ],
            },
            {
              name: 'Meridian Compute Fund LP',
              bars: [
                { label: 'before 0.00 %', parts: [{ value: '0' }] },
                {
                  label: 'after 9.63 %, of which unearned 6.00 %',
                  parts: [
                    { value: '3.63', tone: 'hue-1', hint: 'earned 3.63 %' },
                    { value: '6', tone: 'hue-1', style: 'hatched', hint: 'unearned 6.00 %' },
                  ],
                },
              ],
            },
          ],
        },
        canvas,
      ),
  ],
  [
    'dilution',
    (canvas: Canvas) =>
      columnChart(
        {
          title: 'Ownership over rounds',
          description: 'The founders hold all of the company at first and 58.2 % after Series A.',
          y: { title: 'Fully diluted, %' },
          columns: ['Founding', 'Pre-seed', 'Seed', 'Series A'],
          series: [
            { name: 'Founders', values: ['100', '84', '70', '58.2'], labels: ['100 %', '84.0 %', '70.0 %', '58.2 %'] },
            { name: 'Option pool', values: ['0', '10', '10', '9'], labels: ['0 %', '10 %', '10 %', '9 %'] },
            { name: 'Angels', values: ['0', '6', '5', '4.1'], labels: ['0 %', '6 %', '5 %', '4.1 %'] },
            {
              name: 'Northern Seed Partners',
              values: ['0', '0', '15', '12.7'],
              labels: ['0 %', '0 %', '15 %', '12.7 %'],
            },
            {
              name: 'Compute fund, unearned',
              values: ['0', '0', '0', '16'],
              labels: ['0 %', '0 %', '0 %', '16 %'],
              style: 'hatched',
            },
          ],
        },
        canvas,
      ),
  ],
  [
    'waterfall',
    (canvas: Canvas) =>
      lineChart(
        {
          title: 'Payout by exit value',
          description: 'Series A takes the first 8 million and converts above 40 million.',
          x: { kind: 'number', title: 'Exit value, USD' },
          y: { title: 'Payout, USD' },
          markers: [
            { x: '8000000', label: '1' },
            { x: '12000000', label: '2' },
            { x: '40000000', label: '3' },
          ],
          series: [
            {
              name: 'Series A',
              points: [
                { x: '0', y: '0' },
                { x: '8000000', y: '8000000' },
                { x: '40000000', y: '8000000' },
                { x: '80000000', y: '16000000' },
              ],
            },
            {
              name: 'Series Seed',
              points: [
                { x: '0', y: '0' },
                { x: '8000000', y: '0' },
                { x: '12000000', y: '4000000' },
                { x: '80000000', y: '15000000' },
              ],
            },
            {
              name: 'Common',
              points: [
                { x: '0', y: '0' },
                { x: '12000000', y: '0' },
                { x: '80000000', y: '49000000' },
              ],
            },
          ],
        },
        canvas,
      ),
  ],
  [
    'plan',
    (canvas: Canvas) =>
      lineChart(
        {
          title: 'Tokens charged against the plan',
          description: 'The plan rises in steps to 100,000 tokens; 41,200 are charged by 1 October.',
          x: { kind: 'date' },
          y: { title: 'Tokens', numbers: 'exact' },
          markers: [{ x: '2026-10-01', label: 'today' }],
          limits: [{ y: '100000', label: 'Granted 100,000' }],
          series: [
            {
              name: 'Plan',
              shape: 'step',
              style: 'dashed',
              tone: 'muted',
              points: ['2026-07-01', '2026-08-01', '2026-09-01', '2026-10-01', '2026-11-01', '2026-12-01'].map(
                (x, i) => ({
                  x,
                  y: String(i * 20_000),
                }),
              ),
            },
            {
              name: 'Charged',
              shape: 'step-area',
              points: [
                { x: '2026-07-01', y: '0' },
                { x: '2026-08-04', y: '12000' },
                { x: '2026-09-10', y: '30000.5' },
                { x: '2026-10-01', y: '41200' },
              ],
            },
          ],
        },
        canvas,
      ),
  ],
  [
    'capacity',
    (canvas: Canvas) =>
      lineChart(
        {
          title: 'GPUs in use',
          description: 'Bookings reach 96 of 128 GPUs on 24 November.',
          x: { kind: 'date' },
          y: { title: 'GPUs' },
          stacked: true,
          limits: [{ y: '128', label: 'Capacity 128' }],
          series: ['Approved', 'Requested'].map((name, n) => ({
            name,
            shape: 'step-area' as const,
            style: n === 1 ? ('hatched' as const) : ('solid' as const),
            points: ['2026-11-21', '2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25'].map((x, i) => ({
              x,
              y: String(n === 0 ? 32 + 16 * (i % 3) : 32),
            })),
          })),
        },
        canvas,
      ),
  ],
])
