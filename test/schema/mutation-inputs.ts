/** One call of every mutation: on what, with which input. A mutation that is not here fails the tests of access. */
import { newId } from '../../api/platform/index.ts'
import type { Travelled } from '../support/path.ts'
import { terms } from '../support/path-terms.ts'
import type { Thing, Who } from './who-sees.ts'
import { SEES_NODE } from './who-sees.ts'

/** What the calls need beside what a company left behind on its way. */
export type Call = Travelled & {
  readonly flag: { readonly id: string; readonly findingId: string }
  readonly document: string
  /** A transfer of its tokens. */
  readonly lotTransfer: string
  /** Tokens that it sends elsewhere; the provider has not decided. */
  readonly sending: string
  readonly fund: string | undefined
}
export type MutationCase = {
  /** What it acts on, by global id; `undefined` where there is nothing yet. */
  readonly subject: (of: Call) => string | undefined
  readonly input: (of: Call) => Record<string, unknown>
  /** Who sees what it acts on is who sees this type, where that is not the type of the subject. */
  readonly seenLike?: string
}

const SHA = 'ab'.repeat(32)

const onCompany = (input: (of: Call) => Record<string, unknown> = () => ({})): MutationCase => ({
  subject: ({ companyId }) => companyId,
  input: (of) => ({ companyId: of.companyId, ...input(of) }),
})
const onRound = (
  which: 'round' | 'stoppedRound' | 'issuedRound' | 'acceptedRound',
  input: (of: Call) => Record<string, unknown> = () => ({}),
): MutationCase => ({ subject: (of) => of[which], input: (of) => ({ roundId: of[which], ...input(of) }) })
const onReservation = (which: keyof Travelled['reservations'], input: Record<string, unknown> = {}): MutationCase => ({
  subject: ({ reservations }) => reservations[which],
  input: ({ reservations }) => ({ reservationId: reservations[which], ...input }),
})
const onPool = (input: Record<string, unknown>): MutationCase => ({
  subject: ({ poolId }) => poolId,
  input: ({ poolId }) => ({ poolId, ...input }),
})
const onQuarantined = (input: (of: Call) => Record<string, unknown>): MutationCase => ({
  subject: ({ quarantined }) => quarantined,
  input: (of) => ({ quarantineId: of.quarantined, ...input(of) }),
})
const onStatement = (input: Record<string, unknown> = {}): MutationCase => ({
  subject: ({ statements }) => statements.stated,
  input: ({ statements }) => ({ statementId: statements.stated, ...input }),
})
const onAmendment = (which: keyof Travelled['amendments'], input: Record<string, unknown> = {}): MutationCase => ({
  subject: ({ amendments }) => amendments[which],
  input: ({ amendments }) => ({ amendmentId: amendments[which], ...input }),
})
const onDispute = (input: Record<string, unknown> = {}): MutationCase => ({
  subject: ({ statements }) => statements.dispute,
  input: ({ statements }) => ({ disputeId: statements.dispute, ...input }),
})
const onClosing = (which: keyof Travelled['closings'], input: Record<string, unknown> = {}): MutationCase => ({
  subject: ({ closings }) => closings[which],
  input: ({ closings }) => ({ closingId: closings[which], ...input }),
})
const onDealDocument = (
  which: keyof Travelled['dealDocuments'],
  input: Record<string, unknown> = {},
): MutationCase => ({
  subject: ({ dealDocuments }) => dealDocuments[which],
  input: ({ dealDocuments }) => ({ dealDocumentId: dealDocuments[which], ...input }),
})
const onFlag = (input: Record<string, unknown>): MutationCase => ({
  subject: ({ flag }) => flag.id,
  input: ({ flag }) => ({ flagId: flag.id, findingId: flag.findingId, ...input }),
})

export const MUTATIONS: Readonly<Record<string, MutationCase>> = {
  createCompany: {
    subject: () => undefined,
    input: () => ({ legalName: 'New, Inc.', legalForm: 'Corporation', jurisdiction: 'US-DE' }),
  },
  adjustConversionRatio: onCompany(() => ({
    asOf: '2026-11-19',
    date: '2026-11-19',
    issue: { classId: 'none', method: 'FULL_RATCHET', issued: '1', consideration: { amount: '1', currency: 'USD' } },
    expectedPrice: '1',
    reason: 'the test',
  })),
  importCapTable: onCompany(() => ({ files: [{ name: 'Manifest.ocf.json', content: '{}' }] })),
  recordFact: onCompany(() => ({
    name: 'holding.value',
    value: '{"amount":"0","currency":"USD"}',
    source: 'the test',
    asOf: '2026-11-01',
  })),
  saveScenario: onCompany((of) => ({ name: 'The test', terms: terms(of, 'Series E', '5', of.fund) })),
  reviseScenario: {
    subject: ({ scenario }) => scenario,
    input: (of) => ({
      scenarioId: of.scenario,
      expectedVersion: 1,
      name: 'The test',
      terms: terms(of, 'Series E', '5', of.fund),
    }),
  },
  saveChain: onCompany((of) => ({ name: 'The test', rounds: [{ compute: terms(of, 'Series E', '5', of.fund) }] })),
  reviseChain: {
    subject: ({ chain }) => chain,
    input: (of) => ({
      chainId: of.chain,
      expectedVersion: 1,
      name: 'The test',
      rounds: [{ compute: terms(of, 'Series E', '5', of.fund) }],
    }),
  },
  draftRound: onCompany((of) => ({ terms: terms(of, 'Series E', '5', of.fund) })),
  reviseTerms: onRound('stoppedRound', (of) => ({ expectedVersion: 1, terms: terms(of, 'Series A', '6', of.fund) })),
  proposeRound: onRound('stoppedRound', () => ({ expectedVersion: 1 })),
  recheckFlags: {
    subject: ({ stoppedRound }) => stoppedRound,
    input: ({ stoppedRound }) => ({ subject: stoppedRound }),
  },
  waiveFlag: onFlag({ reason: 'A reason of more than twenty characters.' }),
  submitEvidence: onFlag({ kind: 'a_kind', reference: 'a letter', source: 'an agency', date: '2026-11-01' }),
  issueTermSheet: onRound('stoppedRound'),
  acceptTermSheet: onRound('issuedRound', () => ({ sha256: SHA, typedName: 'A Name' })),
  satisfyCondition: onRound('acceptedRound', () => ({
    code: 'BOARD_CONSENT',
    evidence: 'a written consent',
    evidenceDate: '2026-11-01',
  })),
  waiveCondition: onRound('acceptedRound', () => ({ code: 'BOARD_CONSENT', reason: 'the test' })),
  closeRound: onRound('acceptedRound'),
  issueTranche: onRound('round'),
  exerciseWarrant: onRound('round', () => ({ shares: '1' })),
  withdrawRound: onRound('stoppedRound', () => ({ reason: 'the test' })),
  draftAmendment: onRound('round', (of) => ({
    expectedVersion: 1,
    terms: terms(of, 'Series Seed-2', '200000', of.fund),
    reason: 'the test',
  })),
  draftExtension: onRound('round', () => ({ longStop: '2029-06-15', reason: 'the test' })),
  proposeAmendment: onAmendment('drafted'),
  signAmendment: onAmendment('proposed', { sha256: SHA }),
  acceptAmendment: onAmendment('proposed', { sha256: SHA, typedName: 'A Name' }),
  changeCompanyIdentity: onCompany(() => ({
    legalName: 'Another Name, Inc.',
    legalForm: 'Corporation',
    jurisdiction: 'US-DE',
    validFrom: '2026-12-01',
    cause: 'name_change',
    source: 'the test',
  })),
  draftAssignment: onRound('round', () => ({
    side: 'company',
    kind: 'merger',
    successor: { name: 'Successor, Inc.', form: 'Corporation', jurisdiction: 'US-DE' },
    evidence: 'the test',
    evidenceDate: '2026-11-01',
  })),
  draftSideLetter: onRound('round', () => ({ title: 'A letter', holder: 'The fund', rights: [{ kind: 'CO_SALE' }] })),
  proposeDealDocument: onDealDocument('drafted'),
  signDealDocument: onDealDocument('proposed', { sha256: SHA }),
  acceptDealDocument: onDealDocument('proposed', { sha256: SHA, typedName: 'A Name' }),
  withdrawDealDocument: onDealDocument('proposed', { reason: 'the test' }),
  recordObligation: onDealDocument('later', { occasion: 'annual 2026-12', doneOn: '2026-11-01', evidence: 'the test' }),
  raiseObligation: onDealDocument('later', { kind: 'BOARD_MEETING', about: 'The test.', dueOn: '2027-06-01' }),
  electMfn: {
    subject: ({ dealDocuments }) => dealDocuments.inForce,
    input: ({ dealDocuments }) => ({ dealDocumentId: dealDocuments.inForce, electedId: dealDocuments.later }),
  },
  planClosing: onRound('round', () => ({
    closingDate: '2026-12-01',
    cashInvestors: [{ name: 'Late Capital', amount: { amount: '1000', currency: 'USD' } }],
  })),
  offerClosing: onClosing('planned'),
  acceptClosing: onClosing('offered', { sha256: SHA, typedName: 'A Name' }),
  holdClosing: onClosing('offered'),
  withdrawClosing: onClosing('offered', { reason: 'the test' }),
  withdrawAmendment: onAmendment('proposed', { reason: 'the test' }),
  createTokenClass: {
    subject: ({ providerId }) => providerId,
    input: ({ providerId }) => ({ providerId, name: 'Another token', transferRule: 'NOT_TRANSFERABLE' }),
  },
  authoriseSupply: {
    subject: ({ tokenClassId }) => tokenClassId,
    input: ({ tokenClassId }) => ({ tokenClassId, amount: '1', validUntil: '2035-12-31', reason: 'the test' }),
  },
  registerMetric: {
    subject: () => undefined,
    input: () => ({
      name: `The test's metric ${newId()}`,
      currency: 'USD',
      source: 'the test',
      method: 'invented',
      windowDays: 30,
      staleAfterDays: 60,
    }),
  },
  endMetric: {
    subject: ({ metricId }) => metricId,
    input: ({ metricId }) => ({ metricId, endedOn: '2026-11-19', reason: 'the test' }),
  },
  recordObservation: {
    subject: ({ metricId }) => metricId,
    input: ({ metricId }) => ({ metricId, observedOn: '2026-11-02', level: '2.4', source: 'the test' }),
  },
  proposeMark: {
    subject: ({ companyId }) => companyId,
    input: ({ companyId }) => ({
      of: companyId,
      basis: 'fair_value',
      value: { amount: '30000000', currency: 'USD' },
      markedOn: '2026-11-01',
      expiresOn: '2027-02-01',
      method: 'last round',
      level: 3,
      source: 'the test',
    }),
  },
  approveMark: { subject: ({ markId }) => markId, input: ({ markId }) => ({ markId }) },
  proposeGrantSettlement: {
    subject: ({ grantId }) => grantId,
    input: ({ grantId }) => ({
      grantId,
      event: 'partial_termination',
      happenedOn: '2026-11-19',
      evidence: 'the test',
      tokens: '1',
    }),
  },
  approveGrantSettlement: {
    subject: ({ settlementId }) => settlementId,
    input: ({ settlementId }) => ({ settlementId, planSha256: SHA }),
  },
  withdrawGrantSettlement: {
    subject: ({ settlementId }) => settlementId,
    input: ({ settlementId }) => ({ settlementId, reason: 'the test' }),
  },
  releaseDueTokens: onCompany(),
  confirmMilestone: {
    subject: ({ lot }) => lot,
    input: ({ lot }) => ({ lotId: lot, code: 'NONE', evidence: 'the test', reachedOn: '2026-11-01' }),
    seenLike: 'TokenRelease',
  },
  requestRelease: {
    subject: ({ lot }) => lot,
    seenLike: 'TokenRelease',
    input: ({ lot }) => ({ lotId: lot, amount: '1' }),
  },
  decideRelease: {
    subject: ({ tokenRelease }) => tokenRelease,
    input: ({ tokenRelease }) => ({ releaseId: tokenRelease, decision: 'CONFIRM' }),
  },
  withdrawRelease: {
    subject: ({ tokenRelease }) => tokenRelease,
    input: ({ tokenRelease }) => ({ releaseId: tokenRelease }),
  },
  openLot: onCompany(({ tokenClassId }) => ({
    tokenClassId,
    origin: 'TOP_UP',
    amount: '1',
    expiresOn: '2035-12-31',
    reason: 'the test',
  })),
  reverseTransfer: {
    subject: ({ lotTransfer }) => lotTransfer,
    input: ({ lotTransfer }) => ({ transferId: lotTransfer, reason: 'the test' }),
  },
  sendTokens: onCompany(({ companyId, tokenClassId }) => ({
    toCompanyId: companyId,
    tokenClassId,
    amount: '1',
    reason: 'the test',
  })),
  decideSending: {
    subject: ({ sending }) => sending,
    input: ({ sending }) => ({ sendingId: sending, decision: 'CONSENT' }),
  },
  postTransfers: onCompany(({ companyId }) => ({
    transfers: [
      {
        id: newId(),
        kind: 'POSTED',
        debit: companyId.replace('Company:', 'TokenAccount:').concat(`:${newId()}`),
        credit: companyId.replace('Company:', 'TokenAccount:').concat(`:${newId()}`),
        amount: '1',
        reason: 'adjust',
      },
    ],
  })),
  createPool: {
    subject: ({ providerId }) => providerId,
    input: ({ providerId, tokenClassId }) => ({
      providerId,
      tokenClassId,
      cluster: 'Another cluster',
      gpuModel: 'H100-SXM',
      capacity: 8,
      opensAt: '2026-11-21T00:00:00Z',
    }),
  },
  setFactor: {
    subject: ({ poolId }) => poolId,
    input: ({ poolId }) => ({
      poolId,
      h100HoursPerGpuHour: '1',
      basis: 'contract',
      source: 'the test',
      validFrom: '2026-12-01T00:00:00Z',
    }),
  },
  changePoolCapacity: onPool({ capacity: 100_000, from: '2030-01-01T00:00:00Z', reason: 'the test' }),
  planMaintenance: onPool({
    gpus: 1,
    startsAt: '2030-02-01T00:00:00Z',
    endsAt: '2030-02-02T00:00:00Z',
    note: 'the test',
  }),
  liftMaintenance: {
    subject: ({ maintenance }) => maintenance,
    input: ({ maintenance }) => ({ maintenanceId: maintenance }),
  },
  dedicateCapacity: {
    subject: ({ poolId }) => poolId,
    input: ({ poolId, companyId }) => ({
      poolId,
      companyId,
      gpus: 1,
      startsAt: '2030-03-01T00:00:00Z',
      endsAt: '2030-03-02T00:00:00Z',
      source: 'the test',
    }),
  },
  endDedication: {
    subject: ({ dedication }) => dedication,
    input: ({ dedication }) => ({ dedicationId: dedication }),
  },
  setPoolShare: onPool({ part: '1', source: 'the test' }),
  setMeterDelay: onPool({ minutes: 60, source: 'the test' }),
  countersignFactor: {
    subject: ({ poolId }) => poolId,
    input: ({ factorId }) => ({ factorId }),
  },
  agreeFactor: onCompany(({ factorId }) => ({ factorId })),
  requestReservation: onCompany(({ poolId }) => ({
    poolId,
    gpus: 1,
    startsAt: '2026-11-28T00:00:00Z',
    endsAt: '2026-11-29T00:00:00Z',
  })),
  decideReservation: onReservation('held', { decision: 'APPROVE' }),
  cancelReservation: onReservation('approved'),
  requestReservations: onCompany(({ poolId }) => ({
    parts: [{ poolId, gpus: 1, startsAt: '2026-11-28T00:00:00Z', endsAt: '2026-11-29T00:00:00Z' }],
  })),
  changeReservation: onReservation('held', { gpus: 1 }),
  quoteChange: onReservation('approved', { gpus: 1 }),
  decideChange: onReservation('changing', { decision: 'APPROVE' }),
  withdrawChange: onReservation('changing'),
  splitReservation: onReservation('held', { parts: [1, 1] }),
  offerReservation: onReservation('held', { gpus: 1, endsAt: '2031-01-01T00:00:00Z', reasonCode: 'OTHER' }),
  answerOffer: onReservation('held', { answer: 'REFUSE' }),
  withdrawReservation: onReservation('approved', { note: 'the test' }),
  declareNoShow: onReservation('approved'),
  quoteReservation: onCompany(({ poolId }) => ({
    poolId,
    gpus: 1,
    startsAt: '2026-11-28T00:00:00Z',
    endsAt: '2026-11-29T00:00:00Z',
  })),
  reportUsage: onReservation('used', {
    records: [
      {
        source: 'slurm/one',
        externalId: 'another',
        gpuSeconds: '1',
        startedAt: '2026-07-20T00:00:00Z',
        endedAt: '2026-07-21T00:00:00Z',
      },
    ],
  }),
  correctUsage: onReservation('used', {
    records: [{ usageId: '01890000-0000-7000-8000-000000000000', gpuSeconds: '1' }],
    reasonCode: 'WRONG_METER',
    reason: 'the test',
  }),
  reportOnDemandUsage: {
    subject: ({ poolId }) => poolId,
    input: ({ poolId, companyId }) => ({
      poolId,
      companyId,
      records: [
        {
          source: 'the test',
          externalId: 'the test',
          gpuSeconds: '1',
          startedAt: '2026-07-20T00:00:00Z',
          endedAt: '2026-07-20T01:00:00Z',
        },
      ],
    }),
  },
  correctOnDemandUsage: {
    subject: ({ poolId }) => poolId,
    input: ({ poolId, companyId }) => ({
      poolId,
      companyId,
      records: [{ usageId: '01890000-0000-7000-8000-000000000000', gpuSeconds: '1' }],
      reasonCode: 'WRONG_METER',
      reason: 'the test',
    }),
  },
  completeRestart: {
    subject: ({ nodeRestart }) => nodeRestart,
    input: ({ nodeRestart }) => ({ restartId: nodeRestart, answer: 'NOTHING_MORE', note: 'the test' }),
    seenLike: 'Maintenance',
  },
  recordOutage: onReservation('used', {
    gpus: 1,
    startsAt: '2026-07-20T00:00:00Z',
    endsAt: '2026-07-20T01:00:00Z',
    source: 'the test',
    evidence: 'the test',
  }),
  settleArrears: onCompany(),
  recordElection: onCompany(() => ({ securityId: 'no such', decision: 'NOT_APPLICABLE', reason: 'the test' })),
  setDisputeAside: onDispute(),
  proposeSettlement: onDispute({ outcome: 'STANDS', note: 'the test' }),
  confirmSettlement: onDispute({ proposalId: '01890000-0000-7000-8000-000000000000' }),
  determineDispute: {
    subject: ({ statements }) => statements.dispute,
    input: (of) => ({ disputeId: of.statements.dispute, outcome: 'STANDS', note: 'the test', documentId: of.document }),
  },
  replayUsage: onQuarantined(() => ({})),
  mendUsage: onQuarantined(({ reservations }) => ({
    record: {
      reservationId: reservations.used,
      source: 'slurm/one',
      externalId: 'lost',
      gpuSeconds: '1',
      startedAt: '2026-07-20T00:00:00Z',
      endedAt: '2026-07-21T00:00:00Z',
    },
    reason: 'the test',
  })),
  discardUsage: onQuarantined(() => ({ reason: 'the test' })),
  registerMachineKey: {
    subject: ({ providerId }) => providerId,
    input: ({ providerId }) => ({ providerId, machine: `machine ${newId()}` }),
  },
  revokeMachineKey: {
    subject: ({ providerId }) => providerId,
    input: ({ providerId, machineKey }) => ({ providerId, keyId: machineKey, reason: 'the test' }),
  },
  stateStatement: onCompany(() => ({ month: '2026-09-01' })),
  answerStatement: onStatement({ sha256: SHA, answer: 'ACCEPT' }),
  finaliseStatement: onStatement(),
}

/** A second thing that a call names: something of the kind, or that everybody sees all there are. */
export type Reference = ((of: Call) => string) | 'seen by whoever may'
/** Every id in an input beside the one that is acted on. */
export const REFERENCES: Readonly<Record<string, Reference>> = {
  'agreeFactor.factorId': 'seen by whoever may',
  'countersignFactor.factorId': 'seen by whoever may',
  'waiveFlag.findingId': ({ flag }) => flag.findingId,
  'submitEvidence.findingId': ({ flag }) => flag.findingId,
  'determineDispute.documentId': 'seen by whoever may',
  'submitEvidence.documentId': ({ document }) => document,
  'draftRound.terms.settlement.priceProtection.metricId': 'seen by whoever may',
  'reviseTerms.terms.settlement.priceProtection.metricId': 'seen by whoever may',
  'recordFact.subject': ({ round }) => round,
  'saveScenario.terms.compute.tokenClassId': 'seen by whoever may',
  'saveScenario.terms.settlement.priceProtection.metricId': 'seen by whoever may',
  'reviseScenario.terms.compute.tokenClassId': 'seen by whoever may',
  'reviseScenario.terms.settlement.priceProtection.metricId': 'seen by whoever may',
  'saveChain.rounds.compute.compute.tokenClassId': 'seen by whoever may',
  'saveChain.rounds.compute.settlement.priceProtection.metricId': 'seen by whoever may',
  'reviseChain.rounds.compute.compute.tokenClassId': 'seen by whoever may',
  'reviseChain.rounds.compute.settlement.priceProtection.metricId': 'seen by whoever may',
  'draftRound.terms.compute.tokenClassId': 'seen by whoever may',
  'reviseTerms.terms.compute.tokenClassId': 'seen by whoever may',
  'planClosing.grants.tokenClassId': 'seen by whoever may',
  'electMfn.electedId': ({ dealDocuments }) => dealDocuments.later,
  'draftAmendment.terms.furtherGrants.tokenClassId': 'seen by whoever may',
  'draftRound.terms.furtherGrants.tokenClassId': 'seen by whoever may',
  'reviseTerms.terms.furtherGrants.tokenClassId': 'seen by whoever may',
  'saveScenario.terms.furtherGrants.tokenClassId': 'seen by whoever may',
  'reviseScenario.terms.furtherGrants.tokenClassId': 'seen by whoever may',
  'saveChain.rounds.compute.furtherGrants.tokenClassId': 'seen by whoever may',
  'reviseChain.rounds.compute.furtherGrants.tokenClassId': 'seen by whoever may',
  'draftSideLetter.rights.laterRoundId': ({ round }) => round,
  'draftSideLetter.rights.sideLetterId': ({ dealDocuments }) => dealDocuments.inForce,
  'draftSideLetter.mfn.over': ({ dealDocuments }) => dealDocuments.later,
  // Looked for among the grants of the round's later closings only.
  'draftAmendment.laterGrants.grantId': 'seen by whoever may',
  'draftAmendment.terms.compute.tokenClassId': 'seen by whoever may',
  'draftAmendment.terms.settlement.priceProtection.metricId': 'seen by whoever may',
  'requestReservation.poolId': 'seen by whoever may',
  'requestReservation.quoteId': 'seen by whoever may',
  'changeReservation.quoteId': 'seen by whoever may',
  'quoteReservation.poolId': 'seen by whoever may',
  'requestReservations.parts.poolId': 'seen by whoever may',
  'createPool.tokenClassId': 'seen by whoever may',
  'openLot.tokenClassId': 'seen by whoever may',
  'sendTokens.toCompanyId': ({ companyId }) => companyId,
  'sendTokens.tokenClassId': 'seen by whoever may',
  'registerMetric.fallbackId': 'seen by whoever may',
  'recordObservation.correctsId': 'seen by whoever may',
  'dedicateCapacity.companyId': ({ companyId }) => companyId,
  'setPoolShare.companyId': ({ companyId }) => companyId,
  'correctOnDemandUsage.companyId': ({ companyId }) => companyId,
  'reportOnDemandUsage.companyId': ({ companyId }) => companyId,
  // Ids of events are their callers' own; accounts, and what is resolved, are looked for among the company's only.
  'postTransfers.transfers.id': 'seen by whoever may',
  'postTransfers.transfers.debit': 'seen by whoever may',
  'postTransfers.transfers.credit': 'seen by whoever may',
  'postTransfers.transfers.pendingId': 'seen by whoever may',
  'postTransfers.transfers.reversesId': 'seen by whoever may',
  'postTransfers.transfers.subject': 'seen by whoever may',
}

/** Whether somebody sees what a call acts on, by its type. */
export const seesSubject = (who: Who, thing: Thing, like: string = thing.id.slice(0, thing.id.indexOf(':'))): boolean =>
  SEES_NODE[like]?.(who, thing) === true
