/**
 * Loaded before every test file: generated cases are drawn from the run's seed, EQUIHOUR_TEST_SEED, so that a run that passed
 * passes again. `npm test -- --seed random` draws others.
 */
import fc from 'fast-check'

const seed = Number(process.env.EQUIHOUR_TEST_SEED)
if (!Number.isSafeInteger(seed)) throw new Error('EQUIHOUR_TEST_SEED is not an integer: run the tests with npm test')
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed })
