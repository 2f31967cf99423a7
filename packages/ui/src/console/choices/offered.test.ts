import type { Ceilings } from '@countersign/server'
import { describe, expect, it } from 'vitest'
import { isGivable, offeredPermissions, offeredSchemes, proposedScheme } from './offered.ts'

const CATALOGUE = ['read', 'write', 'admin'].map(name => ({ name, title: name, description: '', opens: [] }))
const schemesWith = (...used: readonly string[]) =>
  ['first', 'second', 'third'].map(name => ({ name, title: name, keys: 'secret' as const, used: used.includes(name) }))

describe('the scheme that is proposed for a new key', () => {
  it.each([
    ['the first, where nothing is known', [], undefined, {}, 'first'],
    ['that of the last key', [], 'second', {}, 'second'],
    ["the first, where the last key's is no longer there", [], 'gone', {}, 'first'],
    ['the one that a gateway takes', ['third'], undefined, {}, 'third'],
    ['the one that a gateway takes, whatever the last key has', ['third'], 'second', {}, 'third'],
    ['that of the last key among those that a gateway takes', ['second', 'third'], 'third', {}, 'third'],
    ['one that the ceilings allow', [], 'first', { schemes: ['second', 'third'] }, 'second'],
    ['one that a gateway takes and the ceilings allow', ['first', 'third'], 'first', { schemes: ['second', 'third'] }, 'third'],
    ['one that the ceilings allow, though no gateway takes it', ['first'], 'first', { schemes: ['second'] }, 'second'],
    ['none, where the ceilings allow none', ['first'], 'first', { schemes: [] }, ''],
  ] as const)('is %s', (_, used, ofLastKey, ceilings: { readonly schemes?: readonly string[] }, proposed) => {
    expect(proposedScheme(offeredSchemes(schemesWith(...used), ceilings as Ceilings), ofLastKey)).toBe(proposed)
  })
})

describe('the permissions that have a switch', () => {
  it.each([
    ['all of the catalogue', CATALOGUE, {}, [], ['read', 'write', 'admin']],
    ['those that the ceilings allow', CATALOGUE, { permissions: ['write', 'read'] }, [], ['read', 'write']],
    ['none, where the ceilings allow none', CATALOGUE, { permissions: [] }, [], []],
    ['those too that the key has already', CATALOGUE, { permissions: ['read'] }, ['admin', 'old'], ['read', 'admin', 'old']],
    ['those of the ceilings, where any name will do', [], { permissions: ['x', 'y'] }, ['z'], ['x', 'y', 'z']],
    ['none in particular, where any name will do', [], {}, ['z'], undefined],
  ])('are %s', (_, catalogue, ceilings, granted, names) => {
    expect(offeredPermissions(catalogue, ceilings, granted)?.map(({ name }) => name)).toEqual(names)
  })

  it.each([
    ['read', CATALOGUE, {}, true],
    ['read', CATALOGUE, { permissions: ['read'] }, true],
    ['write', CATALOGUE, { permissions: ['read'] }, false],
    ['old', CATALOGUE, {}, false],
    ['old', [], {}, true],
    ['old', [], { permissions: [] }, false],
  ])('%s can be given again, by a catalogue of %j and ceilings %j: %s', (name, catalogue, ceilings, isSo) => {
    expect(isGivable(name, catalogue, ceilings)).toBe(isSo)
  })
})
