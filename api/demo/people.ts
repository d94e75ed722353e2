/** The people of the demo. Invented; their ids are fixed so that links and tokens find them again. */
import type { Role } from '../access/index.ts'
import type { Uuid } from '../platform/index.ts'

type Person = {
  readonly id: Uuid
  readonly name: string
  readonly email: string
  readonly role: Role
  /** Legal name of the company whose founder this is. */
  readonly company?: string
}

const id = (number: number): Uuid => `0197a000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`

/** By what `--as` calls them. */
export const DEMO_PEOPLE = {
  analyst: { id: id(1), name: 'Noor Aziz', email: 'noor.aziz@northgrid.example', role: 'analyst' },
  partner: { id: id(2), name: 'Priya Raman', email: 'priya.raman@northgrid.example', role: 'partner' },
  compliance: { id: id(3), name: 'Tobias Brandt', email: 'tobias.brandt@northgrid.example', role: 'compliance' },
  operations: { id: id(4), name: 'Sofia Marino', email: 'sofia.marino@northgrid.example', role: 'operations' },
  provider: { id: id(5), name: 'Elin Jonsdottir', email: 'elin@compute.northgrid.example', role: 'provider' },
  founder: {
    id: id(6),
    name: 'Amara Okafor',
    email: 'amara@lumen.example',
    role: 'founder',
    company: 'Lumen Robotics, Inc.',
  },
  'founder-harborline': {
    id: id(7),
    name: 'Owen Gallagher',
    email: 'owen@harborline.example',
    role: 'founder',
    company: 'Harborline Freight Systems, Inc.',
  },
  'founder-tessellate': {
    id: id(8),
    name: 'Ines Moreau',
    email: 'ines@tessellate.example',
    role: 'founder',
    company: 'Tessellate Bio, Inc.',
  },
  regulator: { id: id(9), name: 'Daniel Osei', email: 'daniel.osei@regulator.example', role: 'regulator' },
} as const satisfies Readonly<Record<string, Person>>

export type DemoPerson = keyof typeof DEMO_PEOPLE
