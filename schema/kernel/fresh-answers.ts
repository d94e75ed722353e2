/** What a document reads after a mutation is read again: loaders keep their answers for a whole request, which has several. */
import { clearAllDataLoaders } from '@pothos/plugin-dataloader'
import { defaultFieldResolver, type GraphQLSchema } from 'graphql'
import type { Context } from './context.ts'

/** The schema, each of whose mutations forgets what was loaded before it was done. */
export function forgetAfterMutations(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = field.resolve ?? defaultFieldResolver
    field.resolve = async (root: unknown, args: Record<string, unknown>, context: Context, info) => {
      try {
        return await resolve(root, args, context, info)
      } finally {
        clearAllDataLoaders(context)
      }
    }
  }
  return schema
}
