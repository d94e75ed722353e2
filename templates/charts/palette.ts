/**
 * Colours of charts. The hues follow Okabe and Ito, "Color Universal Design" (2008), darkened until each stands out from
 * white, and white words from it, with a contrast of at least 4.5 (WCAG 2.2, success criterion 1.4.3). Pages override them by class, for the dark.
 */
import type { Hue, Tone } from './scene.ts'

/** Ink on white. `templates/pages/style.css` holds the same names as variables, light and dark. */
export const INKS: Readonly<Record<Tone, string>> = {
  text: '#15191e',
  muted: '#56606b',
  rule: '#d5dade',
  paper: '#ffffff',
  accent: '#0b5a6f',
  'hue-1': '#0b5a6f',
  'hue-2': '#bf4b00',
  'hue-3': '#2d74b8',
  'hue-4': '#8a5a9e',
  'hue-5': '#946b00',
  'hue-6': '#007a56',
  'hue-7': '#b8477f',
  'hue-8': '#667079',
}

const HUES: readonly Hue[] = ['hue-1', 'hue-2', 'hue-3', 'hue-4', 'hue-5', 'hue-6', 'hue-7', 'hue-8']

/** The hue of the n-th series; they begin anew after the eighth, where the labels tell them apart. */
export const hue = (n: number): Hue => HUES[n % HUES.length] ?? 'hue-8'
