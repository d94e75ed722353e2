/**
 * Places for labels that would lie on each other: as near to where they belong as their height allows, in the same order.
 *
 * Labels that overlap become a block centred on the mean of its members' places, until no two blocks touch.
 */
export function spread(wanted: readonly number[], height: number, low: number, high: number): number[] {
  type Block = { members: number[]; centre: number }
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0) || a - b)
  const blocks: Block[] = []
  const held = (block: Block): Block => {
    const half = (block.members.length * height) / 2
    const mean = block.members.reduce((sum, i) => sum + (wanted[i] ?? 0), 0) / block.members.length
    return { ...block, centre: Math.max(low + half, Math.min(high - half, mean)) }
  }
  for (const i of order) {
    let block = held({ members: [i], centre: 0 })
    for (let last = blocks.at(-1); last !== undefined && overlaps(last, block, height); last = blocks.at(-1)) {
      blocks.pop()
      block = held({ members: [...last.members, ...block.members], centre: 0 })
    }
    blocks.push(block)
  }
  const places = wanted.map(() => 0)
  for (const { members, centre } of blocks) {
    for (const [rank, i] of members.entries()) places[i] = centre + (rank - (members.length - 1) / 2) * height
  }
  return places
}

const overlaps = (
  above: { members: readonly number[]; centre: number },
  below: { members: readonly number[]; centre: number },
  height: number,
): boolean => below.centre - above.centre < ((above.members.length + below.members.length) / 2) * height - 1e-9
