import { cpus, totalmem } from 'node:os'

/** The machine, in a line: figures mean nothing without it. */
export function machine(): string {
  const processors = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}, ${memory}, ${process.platform} ${process.arch}, Node ${process.versions.node}`
}

/** The middle of an odd number of figures, the mean of the middle two of an even one. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
