import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql'

/**
 * Executes an operation, the same on both ways through the door. What is wrong with it before any field was asked (its name, its
 * variables) is the caller's fault: status 400. Rejects where GraphQL itself fails.
 */
export async function executeOperation(args: ExecutionArgs): Promise<ExecutionResult> {
  const result = await execute(args)
  if (result.errors === undefined || 'data' in result) return result
  return { errors: result.errors.map(refused) }
}

const refused = (error: GraphQLError): GraphQLError =>
  new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    originalError: error.originalError ?? null,
    extensions: { ...error.extensions, http: { status: 400 } },
  })
