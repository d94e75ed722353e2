/** Keys of machines: programs that act for a provider. */
import { type RegisteredMachineKey, registerMachineKey, revokeMachineKey } from '../api/access/index.ts'
import { globalId } from '../api/platform/index.ts'
import { builder } from './kernel/builder.ts'
import { idempotencyKey, may } from './kernel/mutation.ts'

const Registered = builder.objectRef<RegisteredMachineKey>('RegisteredMachineKey').implement({
  description: 'A new key of a machine.',
  fields: (t) => ({
    keyId: t.exposeID('keyId', { description: 'The key: what a signature names.' }),
    machineId: t.exposeID('machineId', { description: 'The machine: the actor that history names.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends.' }),
    secret: t.exposeString('secret', {
      nullable: true,
      description:
        'What the machine sends as a bearer token. Shown now and never again; null for a public key, and for a call that is repeated.',
    }),
  }),
})
const Revoked = builder
  .objectRef<{ keyId: string; revokedAt: string; providerId: string }>('RevokedMachineKey')
  .implement({
    description: 'A key that has ended.',
    fields: (t) => ({
      keyId: t.exposeID('keyId', { description: 'The key.' }),
      providerId: t.id({ description: 'Its provider.', resolve: (key) => globalId('Provider', key.providerId) }),
      revokedAt: t.expose('revokedAt', { type: 'DateTime', description: 'When it ended.' }),
    }),
  })

const RegisterMachineKeyInput = builder.inputType('RegisterMachineKeyInput', {
  description: 'A key for a machine of a provider.',
  fields: (t) => ({
    providerId: t.id({ description: 'The provider.' }),
    machine: t.string({ description: 'Name of the machine; it is made where the provider has none of this name.' }),
    publicKey: t.string({
      required: false,
      description:
        'An Ed25519 public key, as 32 bytes in base64 or as PEM: the machine signs its requests. Without it a secret is made.',
    }),
    validDays: t.int({ required: false, description: 'Days until it ends, 1 to 730. Default 365.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})
const RevokeMachineKeyInput = builder.inputType('RevokeMachineKeyInput', {
  description: 'A key that is to end now.',
  fields: (t) => ({
    providerId: t.id({ description: 'The provider.' }),
    keyId: t.string({ description: 'The key.' }),
    reason: t.string({ description: 'Why.' }),
    idempotencyKey: idempotencyKey(t),
  }),
})

builder.mutationFields((t) => ({
  registerMachineKey: t.field({
    type: Registered,
    description: "Give a provider's machine a key. By an admin.",
    ...may(['admin']),
    args: { input: t.arg({ type: RegisterMachineKeyInput }) },
    resolve: (_root, { input }, { deps, actor }) =>
      registerMachineKey(deps, actor, { ...input, validDays: input.validDays ?? undefined }),
  }),
  revokeMachineKey: t.field({
    type: Revoked,
    description: 'End a key of a machine at once. By an admin.',
    ...may(['admin']),
    args: { input: t.arg({ type: RevokeMachineKeyInput }) },
    resolve: async (_root, { input }, { deps, actor }) => ({
      ...(await revokeMachineKey(deps, actor, { ...input, idempotencyKey: input.idempotencyKey ?? undefined })),
      providerId: input.providerId.replace(/^Provider:/, ''),
    }),
  }),
}))
